/** npm run report:ledger -- [--only PROGRAM,...] [--version 1|2]: every scenario on cgroup v1 (this host) and v2 (User-Mode Linux), as the table of docs/ledger-report.md. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCgroup } from '../../test/support/cgroup.ts';
import { compile } from '../../test/support/java.ts';
import { copyMemhound, MEMHOUND } from '../../test/support/memhound.ts';
import { run } from '../../test/support/process.ts';
import { SCENARIOS, type Scenario } from './ledger-scenarios.ts';
import { type Outcome, type Row, rowOf, tableOf } from './ledger-table.ts';

const DOC = 'docs/ledger-report.md';
const HOUND = [
  'watch',
  '--json',
  '--port',
  '0',
  '--ops-port',
  '0',
  '--ops-host',
  '127.0.0.1',
  '--every',
  '1s',
  '--min-history',
  '20s',
];
const { values } = parseArgs({ options: { only: { type: 'string' }, version: { type: 'string' } } });
const wanted = SCENARIOS.filter((s) => values.only === undefined || values.only.split(',').includes(s.program));

const fill = (s: Scenario, folder: string, shm: string): string[] =>
  s.args.map((a) => (a === 'FILE' ? join(folder, 'grows.log') : a === 'SHM' ? shm : a === 'FOLDER' ? folder : a));
const java = (s: Scenario, classes: string, folder: string, shm: string) => [
  'java',
  ...s.flags,
  '-cp',
  classes,
  s.program,
  ...fill(s, folder, shm),
];
const outcome = (stdout: string, stderr: string): Outcome => {
  const line = stdout.split('\n').findLast((l) => l.startsWith('{'));
  return line === undefined ? { error: `no result: ${stderr.slice(-500)}` } : (JSON.parse(line) as Outcome);
};

async function onHost(s: Scenario): Promise<Row> {
  const cgroup = makeCgroup(768 << 20);
  const folder = mkdtempSync(join(tmpdir(), 'memhound-scenario-'));
  const shm = `/dev/shm/${basename(folder)}`;
  try {
    const [command, args] = cgroup.join('java', java(s, await compile(`scenarios/${s.program}.java`), folder, shm).slice(1));
    const plan = {
      java: [command, ...args],
      hound: [process.execPath, MEMHOUND, ...HOUND, '--pid', 'PID'],
      waitSeconds: s.waitSeconds,
    };
    const { stdout, stderr } = await run(process.execPath, ['bench/ledger/ledger-run.mjs', JSON.stringify(plan)]);
    return rowOf(s, cgroup.version, { FILE: join(folder, 'grows.log'), SHM: shm }, outcome(stdout, stderr));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(shm, { force: true });
    await cgroup.remove();
  }
}

async function inGuest(s: Scenario): Promise<Row> {
  const out = mkdtempSync(join(tmpdir(), 'memhound-report-out-'));
  try {
    chmodSync(out, 0o755); // the guest's user nobody reads it
    mkdirSync(join(out, 'classes'));
    cpSync(await compile(`scenarios/${s.program}.java`), join(out, 'classes'), { recursive: true });
    copyMemhound(out);
    cpSync('bench/ledger/ledger-run.mjs', join(out, 'run.mjs'));
    const nobody = [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--no-new-privs',
    ];
    const file = '/tmp/grows.log';
    const plan = {
      java: ['incontainer', 'app', ...nobody, ...java(s, join(out, 'classes'), '/tmp', '/dev/shm/grows')],
      hound: ['incontainer', 'sidecar', ...nobody, process.execPath, join(out, 'memhound.mjs'), ...HOUND],
      waitSeconds: s.waitSeconds,
    };
    const { stdout, stderr } = await run('test/uml/run.sh', [
      '-t',
      '330',
      '-o',
      out,
      process.execPath,
      join(out, 'run.mjs'),
      JSON.stringify(plan),
    ]);
    return rowOf(s, 2, { FILE: file, SHM: '/dev/shm/grows' }, outcome(stdout, stderr));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** The scenarios of one version, several at a time on the host, where they mostly sleep; in a guest fewer. */
async function all(label: string, atOnce: number, one: (s: Scenario) => Promise<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  const queue = [...wanted];
  const worker = async (): Promise<void> => {
    for (let s = queue.shift(); s !== undefined; s = queue.shift()) {
      const row = await one(s);
      rows.push(row);
      console.error(`${label} ${row.program}: ${row.note}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return rows;
}

const [host, guest] = await Promise.all([
  values.version === '2' ? [] : all('host', 3, onHost),
  values.version === '1' ? [] : all('guest', 2, inGuest),
]);
const rows = [...host, ...guest].sort(
  (a, b) =>
    SCENARIOS.findIndex((s) => s.program === a.program) - SCENARIOS.findIndex((s) => s.program === b.program) ||
    a.version - b.version,
);
const table = tableOf(rows);
console.log(table);
if (wanted.length === SCENARIOS.length && values.version === undefined) {
  const [head, foot] = readFileSync(DOC, 'utf8').split(/<!-- table -->[\s\S]*<!-- end -->/);
  writeFileSync(DOC, `${head}<!-- table -->\n\n${table}\n\n<!-- end -->${foot ?? ''}`);
}
process.exitCode = rows.every((r) => r.holds) ? 0 : 1;
