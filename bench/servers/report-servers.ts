/**
 * npm run report:servers -- [--only NAME,...] [--minutes N] [--cold]: servers of Debian's archive under real requests, for the table of
 * docs/jvms.md: the ledger against the truth, ten quiet minutes, and one thing that grows. With --cold the quiet minutes begin with the server,
 * nothing grows, and the table is printed only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fetchProgram } from '../../scripts/debian-programs.mjs';
import { fetchJdk } from '../../scripts/jdks.mjs';
import { runServer, type ServerResult } from './server-run.ts';
import { SERVERS } from './servers.ts';

const DOC = 'docs/jvms.md';
/** The newest that all of them run on. */
const LINE = 21;
const { values } = parseArgs({
  options: { only: { type: 'string' }, minutes: { type: 'string', default: '10' }, cold: { type: 'boolean', default: false } },
});
const names = values.only?.split(',') ?? Object.keys(SERVERS);
const plan = {
  warmSeconds: values.cold ? 0 : 20,
  quietSeconds: Number(values.minutes) * 60,
  growthSeconds: values.cold ? 0 : 300,
  quietRate: values.cold ? 40 : 10,
  growthRate: 25,
  minHistorySeconds: 60,
};

function rowOf(name: string, result: ServerResult): string[] {
  const off = result.ledger.flatMap((c) => (c.state === 'off' ? [`${c.figure} ${c.note}`] : []));
  const ledger = off.length === 0 ? `ok (${result.ledger.length} figures)` : off.join('; ');
  const alarms =
    result.alarms.length === 0 ? `none in ${values.minutes} minutes, ${result.quietRequests} requests` : result.alarms.join('; ');
  const found =
    plan.growthSeconds === 0
      ? 'not tried'
      : result.found === null
        ? `not found: ${result.headline}`
        : `after ${result.found.seconds} s: ${result.found.headline}`;
  return [SERVERS[name]!.name, ledger, alarms, SERVERS[name]!.growth, found.replaceAll('|', '\\|')];
}

async function one(name: string): Promise<string[]> {
  const server = SERVERS[name]!;
  const [jdk, packages] = [fetchJdk(LINE), fetchProgram(name)];
  const missing = [jdk, packages].flatMap((got) => (got.state === 'missing' ? [got.reason] : []));
  if (jdk.state === 'missing' || packages.state === 'missing')
    return [server.name, `could not be had: ${missing.join('; ')}`, '', '', ''];
  try {
    const row = rowOf(name, await runServer(server, jdk.jdk, packages.root, plan));
    console.error(row.join(' | '));
    return row;
  } catch (error) {
    process.exitCode = 1;
    console.error((error as Error).message);
    return [server.name, `could not be run: ${(error as Error).message.split('\n')[0]}`, '', '', ''];
  }
}

const ran = await Promise.all(names.map(one));
const [before, table, after] = readFileSync(DOC, 'utf8').split(/(<!-- servers -->[\s\S]*<!-- end of servers -->)/);
/** What the document has of servers that are not run this time. */
const known = new Map(
  table!
    .split('\n')
    .filter((text) => text.startsWith('| ') && !text.startsWith('| server '))
    .map((text) =>
      text
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
    .map((row) => [row[0]!, row]),
);
for (const row of ran) known.set(row[0]!, row);
const head = ['server', 'ledger', 'alarms in the quiet time', 'what grows', 'what memhound says'];
const cells = [head, ...Object.values(SERVERS).flatMap(({ name }) => (known.has(name) ? [known.get(name)!] : []))];
const widths = head.map((_, k) => Math.max(...cells.map((row) => row[k]!.length)));
const line = (row: readonly string[]) => `| ${row.map((text, k) => text.padEnd(widths[k]!)).join(' | ')} |`;
const text = [line(head), line(widths.map((w) => '-'.repeat(w))), ...cells.slice(1).map(line)].join('\n');
console.log(text);
if (!values.cold) writeFileSync(DOC, `${before}<!-- servers -->\n\n${text}\n\n<!-- end of servers -->${after}`);
