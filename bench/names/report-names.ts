/**
 * npm run report:names -- [--only TEXT] [--at-once N] [--log FOLDER]: runs each case of name-cases.ts in a cgroup and memhound beside it, and prints how
 * well the thing that grows is named. Without --only it renews the table of docs/names-report.md. --log keeps the verdict of each second. Needs root.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { makeCgroup } from '../../test/support/cgroup.ts';
import { startJava } from '../../test/support/java.ts';
import { watch } from '../../test/support/memhound.ts';
import { run, start } from '../../test/support/process.ts';
import { NAME_CASES, type NameCase } from './name-cases.ts';
import { type NameResult, resultOf, tableOf } from './name-result.ts';

const DOC = 'docs/names-report.md';
const { values } = parseArgs({
  options: { only: { type: 'string' }, 'at-once': { type: 'string', default: '2' }, log: { type: 'string' } },
});

/** Ends what is under way, so that a report that is stopped leaves nothing behind. */
const underWay = new Set<() => Promise<void>>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    queue.length = 0;
    void Promise.all([...underWay].map((end) => end())).finally(() => process.exit(1));
  });

interface TimedVerdict {
  readonly atS: number;
  readonly verdict: Verdict;
}

/** One line a second, and a file with the headlines alone. */
function logVerdicts(folder: string, { name }: NameCase, verdicts: readonly TimedVerdict[]): void {
  const file = join(folder, name.replace(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.jsonl`, verdicts.map((one) => `${JSON.stringify(one)}\n`).join(''));
  writeFileSync(`${file}.txt`, verdicts.map(({ atS, verdict }) => `${atS} ${verdict.headline}\n`).join(''));
}

async function resultOfCase(one: NameCase): Promise<NameResult> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-names-'));
  const shm = `/dev/shm/${basename(folder)}`;
  mkdirSync(shm);
  const tool = join(folder, 'wkhtmltopdf');
  symlinkSync('/usr/bin/perl', tool);
  const cgroup = makeCgroup(one.limitBytes);
  const shell = (script: string): [string, string[]] => ['/bin/sh', ['-c', `export FOLDER=${folder} SHM=${shm}; ${script}`]];
  const args = one.args.map((arg) =>
    arg
      .replace(/^FOLDER/, folder)
      .replace(/^SHM/, shm)
      .replace(/^TOOL$/, tool),
  );
  const ends: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    if (!underWay.delete(end)) return;
    for (const stop of ends) await stop();
    for (const pid of cgroup.read('cgroup.procs').split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    await delay(200);
    await cgroup.remove();
    rmSync(folder, { recursive: true, force: true });
    rmSync(shm, { recursive: true, force: true });
  };
  underWay.add(end);
  try {
    if (one.prepare !== undefined) await run(...shell(one.prepare));
    const program = await startJava(`scenarios/${one.program}.java`, args, { cgroup, flags: one.flags });
    ends.push(() => program.stop('SIGKILL'));
    await program.line((line) => line.startsWith('ready'));
    const memhound = await watch(['--pid', String(program.pid), '--every', '1s', '--min-history', '20s']);
    ends.unshift(() => memhound.stop());
    if (one.beside !== undefined) {
      const beside = start(shell(one.beside));
      ends.unshift(() => beside.stop('SIGKILL'));
    }
    const verdicts: TimedVerdict[] = [];
    const began = performance.now();
    for (let second = 1; second <= one.seconds; second++) {
      await delay(Math.max(0, began + second * 1000 - performance.now()));
      verdicts.push({ atS: second, verdict: await memhound.verdict() });
    }
    if (values.log !== undefined) logVerdicts(values.log, one, verdicts);
    return resultOf(one, verdicts);
  } finally {
    await end();
  }
}

const queue = NAME_CASES.filter(({ name }) => values.only === undefined || name.includes(values.only));
const wanted = [...queue];
const results = new Map<NameCase, NameResult>();
const worker = async (): Promise<void> => {
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    const result = await resultOfCase(one);
    results.set(one, result);
    console.error(`${one.name}: ${result.right ? 'right' : 'WRONG'} (${result.cause}, leak ${result.leak}) ${result.headline}`);
    for (const contradiction of result.contradictions) console.error(`  contradiction: ${contradiction}`);
  }
};
await Promise.all(Array.from({ length: Number(values['at-once']) }, worker));
const table = tableOf(wanted.map((one) => results.get(one)!));
console.log(table);
if (values.only === undefined) {
  const [head, foot] = readFileSync(DOC, 'utf8').split(/<!-- table -->[\s\S]*<!-- end -->/);
  writeFileSync(DOC, `${head}<!-- table -->\n\n${table}\n\n<!-- end -->${foot ?? ''}`);
}
process.exitCode = [...results.values()].every(({ right }) => right) ? 0 : 1;
