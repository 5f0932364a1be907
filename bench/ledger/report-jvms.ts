/**
 * npm run report:jvms -- [--jdk LINE,...] [--only 'VARIANT;...'] [--fresh]: every JDK of Debian's archive with each of its collectors, as the
 * tables of docs/jvms.md. A JDK that is not there is fetched. What was compared already with this build is not run again, unless --fresh.
 * Tables of JDKs that are not named stay, and with --only all do.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchJdk, JDK_LINES, type Jdk } from '../../scripts/jdks.mjs';
import { runCell, type Variant } from '../../test/support/jvm-cell.ts';
import { type CellResult, countOf, tableOf } from './jvm-table.ts';
import { variantsOf } from './jvm-variants.ts';

const DOC = 'docs/jvms.md';
const AT_ONCE = 2;
const { values } = parseArgs({
  options: { jdk: { type: 'string' }, only: { type: 'string' }, fresh: { type: 'boolean', default: false } },
});
const lines = values.jdk === undefined ? JDK_LINES : values.jdk.split(',').map(Number);
const built = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.mjs'))
  .sort();
const hash = createHash('sha256');
for (const name of built) hash.update(readFileSync(join('dist', name)));
const build = hash.digest('hex').slice(0, 12);
const results = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'memhound', 'jvms', build);
mkdirSync(results, { recursive: true });

async function resultOf(jdk: Jdk, variant: Variant): Promise<CellResult> {
  const file = join(results, `${jdk.line} ${variant.name}.json`);
  if (!values.fresh && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as CellResult;
  try {
    const [plain, attached] = await runCell(jdk, variant, [false, true]);
    const result: CellResult = { variant: variant.name, state: 'run', plain: plain!, attached: attached! };
    writeFileSync(file, JSON.stringify(result));
    return result;
  } catch (error) {
    return { variant: variant.name, state: 'failed', error: (error as Error).message.split('\n').slice(0, 2).join(' ') };
  }
}

async function resultsOf(jdk: Jdk): Promise<CellResult[]> {
  const variants = (await variantsOf(jdk)).filter((v) => values.only === undefined || values.only.split(';').includes(v.name));
  const done: CellResult[] = [];
  const queue = [...variants];
  const worker = async (): Promise<void> => {
    for (let v = queue.shift(); v !== undefined; v = queue.shift()) {
      const result = await resultOf(jdk, v);
      done.push(result);
      console.error(`JDK ${jdk.line}, ${v.name}: ${result.state === 'run' ? countOf([result]) : result.error}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return variants.map((v) => done.find((r) => r.variant === v.name)!);
}

/** The sections of the document by line: those of JDKs that are not run this time stay. */
const sections = new Map<number, string>();
for (const line of lines) {
  const got = fetchJdk(line);
  if (got.state === 'missing') {
    sections.set(line, `## JDK ${line}\n\nIt could not be had: ${got.reason}`);
    continue;
  }
  const cells = await resultsOf(got.jdk);
  sections.set(line, `## JDK ${line} (${got.jdk.version})\n\n${countOf(cells)}.\n\n${tableOf(cells)}`.trim());
  if (cells.some((c) => c.state === 'failed')) process.exitCode = 1;
}
console.log([...sections.values()].join('\n\n'));
if (values.only === undefined) {
  const [before, tables, after] = readFileSync(DOC, 'utf8').split(/<!-- tables -->([\s\S]*)<!-- end -->/);
  for (const text of tables!.split(/^(?=## JDK )/m)) {
    const line = Number(/^## JDK (\d+)/.exec(text)?.[1]);
    if (JDK_LINES.includes(line) && !sections.has(line)) sections.set(line, text.trim());
  }
  const text = JDK_LINES.flatMap((line) => sections.get(line) ?? []).join('\n\n');
  writeFileSync(DOC, `${before}<!-- tables -->\n\n${text}\n\n<!-- end -->${after}`);
}
