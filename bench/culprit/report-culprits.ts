/**
 * npm run report:culprits -- [--only TEXT] [--times N] [--at-once N] [--servers | --costs | --services]: runs made programs whose leak is known, one after the other or some at once, and asks memhound what
 * grows in each. Without --only it renews the tables of docs/culprit-report.md. It takes some 12 s a program.
 * --services: programs that keep, start and write in the ways in which services do.
 * --servers: real servers instead, whose answers are printed. --costs: what each question costs a JVM, into docs/culprit.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DIRECT_BUFFERS } from '../../src/culprit/native-looks.ts';
import type { Culprit } from '../../src/culprit/types.ts';
import { startJava } from '../../test/support/java.ts';
import { MEMHOUND } from '../../test/support/memhound.ts';
import { run } from '../../test/support/process.ts';
import { serverCulprits } from '../servers/server-culprits.ts';
import { wilsonInterval } from '../stats/wilson-interval.ts';
import { atOnce, repeated } from './at-once.ts';
import { FLAGS, FOR, type Outcome } from './outcome.ts';
import { questionCosts } from './question-costs.ts';
import { RECORDED_CASES, recordedOutcome } from './recorded-cases.ts';
import { serviceResults } from './service-cases.ts';

const DOC = 'docs/culprit-report.md';
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    times: { type: 'string', default: '1' },
    servers: { type: 'boolean', default: false },
    costs: { type: 'boolean', default: false },
    services: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '1' },
  },
});

const TIMES = Number(values.times);
const AT_ONCE = Number(values['at-once']);
const isWanted = (text: string): boolean => values.only === undefined || text.includes(values.only);

/** Descriptors are among what services do. */
const KINDS = ['heap', 'threads', 'metaspace', 'native'] as const;
type Kind = (typeof KINDS)[number];

/** What leaks in the shapes of CulpritCase.java. null: nothing does, or no group has half of it. */
const LEAK: Readonly<Record<Kind, string>> = {
  heap: 'CulpritCase$Order',
  threads: 'http-nio-N-exec-N',
  metaspace: 'CulpritCase$Redeployed',
  native: 'direct buffers and Unsafe memory (Other)',
};
const OTHER: Readonly<Record<Kind, string>> = {
  heap: 'byte[]',
  threads: 'Thread-N',
  metaspace: 'CulpritCase$Engine',
  native: 'Thread',
};
const SHAPES: Readonly<Record<string, { readonly what: string; readonly leaks: Readonly<Record<Kind, string>> | null }>> = {
  leak: { what: 'a leak', leaks: LEAK },
  'slow-leak': { what: 'a leak a third as fast', leaks: LEAK },
  'leak-beside-large': { what: 'a leak beside something large that is stable', leaks: LEAK },
  'leak-beside-breathing': { what: 'a leak beside a pool that breathes', leaks: LEAK },
  'leak-beside-smaller-leak': { what: 'a leak beside another a quarter as fast', leaks: LEAK },
  'leak-in-bursts': { what: 'a leak in bursts, one a second', leaks: LEAK },
  'other-leak': { what: 'a leak of byte arrays, of threads without names, of classes in one loader, of stacks', leaks: OTHER },
  'large-and-stable': { what: 'decoy: something large that is stable', leaks: null },
  breathing: { what: 'decoy: a pool that breathes', leaks: null },
  filling: { what: 'decoy: a cache that fills and is full', leaks: null },
  'many-small': { what: 'decoy: six that grow alike', leaks: null },
};

interface Result {
  readonly kind: Kind;
  readonly shape: string;
  readonly outcome: Outcome;
  readonly answer: string;
}

const TRACKING = '-XX:NativeMemoryTracking=summary';

/** Native memory without its tracking, by the mappings and the pool of direct buffers. */
const UNTRACKED: Readonly<Record<string, { readonly what: string; readonly leak: string | null }>> = {
  leak: { what: 'a leak of direct buffers', leak: DIRECT_BUFFERS },
  'leak-beside-breathing': { what: 'a leak of direct buffers beside a pool of threads that breathes', leak: DIRECT_BUFFERS },
  'large-and-stable': { what: 'decoy: direct buffers, many and stable', leak: null },
  breathing: { what: 'decoy: a pool of threads that breathes', leak: null },
  'buffers-breathing': { what: 'decoy: direct buffers that breathe', leak: null },
  filling: { what: 'decoy: a cache of direct buffers that fills and is full', leak: null },
};

async function resultOf(kind: Kind, shape: string, leak: string | null, more: readonly string[]): Promise<Result> {
  const java = await startJava('bench/culprit/CulpritCase.java', [kind, shape], { flags: [...FLAGS, ...more] });
  try {
    await java.line((line) => line === 'ready');
    const args = [MEMHOUND, 'culprit', '--json', '--cause', kind, '--for', FOR, '--pid', String(java.pid)];
    const { code, stdout, stderr } = await run(process.execPath, args);
    if (code !== 0) throw new Error(`${kind} ${shape}: ${stderr}`);
    return { kind, shape, ...outcomeOf(JSON.parse(stdout) as Culprit, leak) };
  } finally {
    await java.stop('SIGKILL');
  }
}

function outcomeOf(found: Culprit, leak: string | null): Pick<Result, 'outcome' | 'answer'> {
  if (found.state === 'failed') return { outcome: leak === null ? 'wrong' : 'not known', answer: found.error };
  if (found.state === 'recorded') throw new Error(`${found.cause}: expected an answer about what grew, found a recording`);
  if (found.state === 'unknown') return { outcome: leak === null ? 'right' : 'not known', answer: found.because };
  const { name, share } = found.culprit;
  return { outcome: name === leak ? 'right' : 'wrong', answer: `${name}, ${Math.floor(100 * share)} %` };
}

function tables(results: readonly Result[]): string {
  const rows = Object.entries(SHAPES).map(([shape, { what }]) => {
    const cells = KINDS.map((kind) =>
      results
        .filter((r) => r.kind === kind && r.shape === shape)
        .map(({ outcome, answer }) => `${outcome}: ${answer}`)
        .join('; '),
    );
    return [what, ...cells];
  });
  const counts = (['right', 'not known', 'wrong'] as const).map((outcome) => {
    const of = (some: readonly Result[]): number => some.filter((r) => r.outcome === outcome).length;
    const byKind = KINDS.map((kind) => `${of(results.filter((r) => r.kind === kind))}`);
    return [outcome, ...byKind, wilsonInterval(of(results), results.length)];
  });
  return `${tableOf(['outcome', ...KINDS, 'of all, with a 95 % interval'], counts)}\n\n${tableOf(['program', ...KINDS], rows)}`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function untrackedResults(): Promise<Result[]> {
  const made = Object.entries(UNTRACKED).filter(([shape]) => isWanted(`untracked ${shape}`));
  return atOnce(repeated(made, TIMES), AT_ONCE, async ([shape, { leak }]) => {
    const result = await resultOf('native', shape, leak, []);
    console.error(`untracked ${shape}: ${result.outcome}, ${result.answer}`);
    return result;
  });
}

const untrackedTable = (all: readonly Result[]): string =>
  tableOf(
    ['program, without native memory tracking', 'answer'],
    Object.entries(UNTRACKED).map(([shape, { what }]) => [
      what,
      all
        .filter((result) => result.shape === shape)
        .map(({ outcome, answer }) => `${outcome}: ${answer}`)
        .join('; '),
    ]),
  );

interface RecordedResult {
  readonly what: string;
  readonly cause: string;
  readonly outcome: Outcome;
  readonly answer: string;
}

function recordedResults(): Promise<RecordedResult[]> {
  const made = RECORDED_CASES.filter(({ cause, shape }) => isWanted(`${cause} ${shape}`));
  return atOnce(repeated(made, TIMES), AT_ONCE, async (one) => {
    const result = { what: one.what, cause: one.cause, ...(await recordedOutcome(one)) };
    console.error(`${one.cause} ${one.shape}: ${result.outcome}, ${result.answer}`);
    return result;
  });
}

function recordedTable(all: readonly RecordedResult[]): string {
  const rows = rowsByProgram(all);
  const counts = (['right', 'not known', 'wrong'] as const).map((outcome) => [
    outcome,
    wilsonInterval(all.filter((r) => r.outcome === outcome).length, all.length),
  ]);
  return `${tableOf(['outcome', 'of all that were recorded'], counts)}\n\n${tableOf(['cause', 'program', 'answer'], rows)}`;
}

/** A row for each program, with how often each outcome was, and the first answer of it. */
function rowsByProgram(all: readonly RecordedResult[]): string[][] {
  const programs = new Map<string, RecordedResult[]>();
  for (const one of all) programs.set(`${one.cause} ${one.what}`, [...(programs.get(`${one.cause} ${one.what}`) ?? []), one]);
  return [...programs.values()].map((runs) => {
    const { cause, what } = runs[0]!;
    const told = (['right', 'not known', 'wrong'] as const).flatMap((outcome) => {
      const same = runs.filter((one) => one.outcome === outcome);
      return same.length === 0 ? [] : [`${same.length} ${outcome}: ${same[0]!.answer}`];
    });
    return [cause, what, told.join('; ')];
  });
}

/** Renews what stands between two comments of the document. */
function renew(mark: string, text: string, file = DOC): void {
  const [head, foot] = readFileSync(file, 'utf8').split(new RegExp(`<!-- ${mark} -->[\\s\\S]*<!-- end of ${mark} -->`));
  if (foot === undefined)
    throw new Error(`${file}: expected the comments <!-- ${mark} --> and <!-- end of ${mark} -->, found none`);
  writeFileSync(file, `${head}<!-- ${mark} -->\n\n${text}\n\n<!-- end of ${mark} -->${foot}`);
}

async function reportServers(): Promise<void> {
  const rows = await serverCulprits(values.only ?? null);
  const text = tableOf(['server', 'what grows', 'what memhound culprit says'], rows);
  console.log(text);
  if (values.only === undefined) renew('servers', text);
}

async function reportServices(): Promise<void> {
  const all = await serviceResults(values.only ?? null, TIMES, AT_ONCE);
  const counts = (['right', 'not known', 'wrong'] as const).map((outcome) => [
    outcome,
    wilsonInterval(all.filter((one) => one.outcome === outcome).length, all.length),
  ]);
  const rows = rowsByProgram(all);
  const text = `${tableOf(['outcome', 'of all'], counts)}\n\n${tableOf(['cause', 'program', 'answer'], rows)}`;
  console.log(text);
  if (values.only === undefined) renew('services', text);
  process.exitCode = all.some(({ outcome }) => outcome === 'wrong') ? 1 : 0;
}

async function reportCosts(): Promise<void> {
  const { head, rows } = await questionCosts(values.only ?? null);
  const text = tableOf(head, rows);
  console.log(text);
  if (values.only === undefined) renew('costs', text, 'docs/culprit.md');
}

async function reportPrograms(): Promise<void> {
  const made = KINDS.flatMap((kind) =>
    Object.entries(SHAPES).map(([shape, { leaks }]) => ({ kind, shape, leak: leaks?.[kind] ?? null })),
  );
  const wanted = made.filter(({ kind, shape }) => isWanted(`${kind} ${shape}`));
  const results = await atOnce(repeated(wanted, TIMES), AT_ONCE, async ({ kind, shape, leak }) => {
    const result = await resultOf(kind, shape, leak, kind === 'native' ? [TRACKING] : []);
    console.error(`${kind} ${shape}: ${result.outcome}, ${result.answer}`);
    return result;
  });
  const untracked = await untrackedResults();
  const recorded = await recordedResults();
  const text = `${tables(results)}\n\n${untrackedTable(untracked)}\n\n${recordedTable(recorded)}`;
  console.log(text);
  if (values.only === undefined) renew('programs', text);
  process.exitCode = [...results, ...untracked, ...recorded].some(({ outcome }) => outcome === 'wrong') ? 1 : 0;
}

await (values.servers ? reportServers() : values.services ? reportServices() : values.costs ? reportCosts() : reportPrograms());
