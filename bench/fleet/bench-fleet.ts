// `npm run bench:fleet [-- --containers N --step S --days D --install NAME --server prometheus|victoria-metrics --read-by WAY --dirt NAME --seed N]`: time and memory
// of memhound and of the server, and how often the answers are right, on fleets of five kinds of install; then what people's rules say of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DIRT, type Dirt } from '../../synthetic/fleet/dirt.ts';
import { type FleetContainer, fleetOf } from '../../synthetic/fleet/fleet.ts';
import { INSTALLS, type Install, type StoredSeries, seriesOf } from '../../synthetic/fleet/installs.ts';
import { Random } from '../../synthetic/random.ts';
import { type FleetServer, startPrometheus, startVictoriaMetrics } from '../../test/support/fleet-servers.ts';
import { MEMHOUND } from '../../test/support/memhound.ts';
import { type FleetLine, type FleetScore, scoreOf } from './fleet-score.ts';
import { PEOPLES_RULES } from './rules-of-people.ts';

const { values: asked } = parseArgs({
  options: {
    containers: { type: 'string', default: '200' },
    step: { type: 'string', default: '300' },
    days: { type: 'string', default: '14' },
    install: { type: 'string' },
    server: { type: 'string', default: 'prometheus' },
    'read-by': { type: 'string' },
    seed: { type: 'string', default: '1' },
    leaking: { type: 'string', default: '0.15' },
    dirt: { type: 'string', default: 'none' },
  },
});
const place = { toS: 1_770_000_000, hours: 24 * Number(asked.days), stepS: Number(asked.step) };
const MIB = 2 ** 20;

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const statusBytes = (pid: number, key: string): number =>
  1024 * Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);

/** After the samples are written, a server compacts them for a while, which is none of memhound's cost. */
async function becomesIdle({ pid }: FleetServer): Promise<void> {
  for (let quiet = 0, before = cpuSeconds(pid); quiet < 5; ) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = cpuSeconds(pid);
    quiet = now - before < 0.05 ? quiet + 1 : 0;
    before = now;
  }
}

interface RunCost {
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakBytes: number;
  readonly serverCpuS: number;
  readonly serverRiseBytes: number;
  readonly lines: readonly FleetLine[];
}

/** Runs the program, and samples what it and the server weigh. Anonymous memory of the server: its blocks are mapped files. */
async function runFleet(server: FleetServer): Promise<RunCost> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-bench-fleet-'));
  const out = join(folder, 'rows.jsonl');
  const more = asked['read-by'] === undefined ? [] : ['--read-by', asked['read-by']];
  const [cpuBefore, anonBefore] = [cpuSeconds(server.pid), statusBytes(server.pid, 'RssAnon')];
  let [peakBytes, cpuS, serverPeak] = [0, 0, 0];
  const began = performance.now();
  const since = ['--since', `${asked.days}d`, '--until', String(place.toS)];
  const child = spawn(process.execPath, [MEMHOUND, 'fleet', '--prometheus', server.url, ...since, '--json', ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const file = createWriteStream(out);
  child.stdout.pipe(file);
  const timer = setInterval(() => {
    try {
      peakBytes = Math.max(peakBytes, statusBytes(child.pid!, 'VmHWM'));
      cpuS = cpuSeconds(child.pid!);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // it has ended
    }
    serverPeak = Math.max(serverPeak, statusBytes(server.pid, 'RssAnon'));
  }, 50);
  const [code] = (await once(child, 'exit')) as [number];
  const wallS = (performance.now() - began) / 1000;
  clearInterval(timer);
  if (!file.closed) await once(file, 'close');
  if (code !== 0) console.error(`memhound fleet ends with code ${code}`);
  const lines = readFileSync(out, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FleetLine);
  rmSync(folder, { recursive: true });
  return {
    wallS,
    cpuS,
    peakBytes,
    serverCpuS: cpuSeconds(server.pid) - cpuBefore,
    serverRiseBytes: Math.max(0, serverPeak - anonBefore),
    lines,
  };
}

function peoplesTable(made: readonly FleetContainer[]): void {
  const known = made.filter(({ leaks }) => leaks !== null);
  const leaking = known.filter(({ leaks }) => leaks === true);
  const healthy = known.filter(({ leaks }) => leaks === false);
  const everyHour = Math.max(1, Math.round(3600 / place.stepS));
  console.log('\n| rule of people | leaks found at one look | healthy alarmed at one look | healthy alarmed at least once |');
  console.log('| --- | --- | --- | --- |');
  for (const { name, alerts } of PEOPLES_RULES) {
    const now = ({ runs, limit }: FleetContainer): boolean => {
      const { series } = runs[runs.length - 1]!;
      return alerts(series, limit, series.t.length - 1);
    };
    const ever = ({ runs, limit }: FleetContainer): boolean =>
      runs.some(({ series }) => {
        for (let end = everyHour * 6; end < series.t.length; end += everyHour) if (alerts(series, limit, end)) return true;
        return false;
      });
    const count = (list: readonly FleetContainer[], is: (one: FleetContainer) => boolean): string =>
      percent(list.filter(is).length, list.length);
    console.log(`| ${name} | ${count(leaking, now)} | ${count(healthy, now)} | ${count(healthy, ever)} |`);
  }
}

function* stored(made: readonly FleetContainer[], install: Install): Iterable<StoredSeries> {
  const random = new Random(Number(asked.seed) + 100);
  const spoil = (DIRT as Readonly<Record<string, Dirt>>)[asked.dirt];
  if (spoil === undefined) throw new Error(`--dirt ${asked.dirt}: expected one of ${Object.keys(DIRT).join(', ')}`);
  for (const container of made) yield* spoil([...seriesOf(container, install, place, random)], place, random);
}

const row = (install: string, cost: RunCost, score: FleetScore): string =>
  [
    '',
    install,
    `${cost.wallS.toFixed(1)} s`,
    `${cost.cpuS.toFixed(1)} s`,
    `${(cost.peakBytes / MIB).toFixed(0)} MiB`,
    `${cost.serverCpuS.toFixed(1)} s`,
    `${(cost.serverRiseBytes / MIB).toFixed(0)} MiB`,
    `${score.found} of ${score.leaks} (${percent(score.found, score.leaks)})`,
    `${score.alarmedLeaks}`,
    `${score.healthyAlarmed} of ${score.healthy}`,
    `${score.spreadsRight} of ${score.workloads}`,
    '',
  ]
    .join(' | ')
    .trim();

const plan = { containers: Number(asked.containers), hours: place.hours, stepS: place.stepS, leaking: Number(asked.leaking) };
const installs = INSTALLS.filter((install) => asked.install === undefined || asked.install === install);
console.log(`${asked.containers} containers, ${asked.days} days, a sample each ${asked.step} s, ${asked.server}\n`);
console.log(
  '| install | wall | CPU | peak RSS | CPU of the server | its memory rises by | leaks found | alarmed | healthy alarmed | replicas right |',
);
console.log(`|${' --- |'.repeat(10)}`);
const all: FleetContainer[] = [];
const notes: string[] = [];
for (const [i, install] of installs.entries()) {
  const made = [...fleetOf({ ...plan, seed: 1000 * Number(asked.seed) + i })];
  const server = await (asked.server === 'prometheus' ? startPrometheus : startVictoriaMetrics)(stored(made, install));
  try {
    await becomesIdle(server);
    const cost = await runFleet(server);
    const score = scoreOf(made, cost.lines);
    console.log(row(install, cost, score));
    if (score.missing > 0) notes.push(`${install}: ${score.missing} without a row, whose samples end early`);
    notes.push(...score.misses.map((text) => `${install}: ${text}`));
  } finally {
    await server.stop();
  }
  all.push(...made.map((one) => ({ ...one })));
}
peoplesTable(all);
if (notes.length > 0) console.log(`\n${notes.join('\n')}`);
