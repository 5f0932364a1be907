/**
 * npm run bench:trend: the cost of a verdict. 14 days at one minute x 15 fields from a file, and in `watch` on a full history; compared with plain
 * least squares and Mann-Kendall with Theil-Sen in O(n^2) over the same data.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSeries } from '../../src/inputs/series-file.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { MIB } from '../../src/units.ts';
import { cpuMs, medianMs } from '../stats/cpu-time.ts';
import { upperMedian } from '../stats/median.ts';
import { allPairs } from './methods/all-pairs.ts';
import { leastSquaresLine } from './methods/straight-line.ts';
import { inputColumns, inputText } from './trend-input.ts';
import type { WatchCost } from './trend-watch.ts';

const OPTIONS = { minHistorySeconds: 900 };
const PROCESSES = 7;

const columns = inputColumns(14);
const text = inputText(columns);
const folder = mkdtempSync(join(tmpdir(), 'trend-speed-'));
const file = join(folder, 'fortnight.json');
writeFileSync(file, text);

/** Another process that prints its CPU time. `exit`: its total, printed by a hook when it ends. */
const AT_EXIT = `data:text/javascript,process.on('exit',()=>{const c=process.cpuUsage();process.stderr.write('\\nCPU '+(c.user+c.system)/1000)})`;
function analyzeMs(input: string): number {
  const { stderr } = spawnSync(process.execPath, ['--import', AT_EXIT, 'dist/memhound.mjs', 'analyze', '--json', input], {
    encoding: 'utf8',
  });
  return Number(/CPU ([\d.]+)\s*$/.exec(stderr)?.[1] ?? Number.NaN);
}
const coldMs = (): number =>
  Number(spawnSync(process.execPath, ['--import', 'tsx', 'bench/trend/trend-cold.ts', file], { encoding: 'utf8' }).stdout);

const few = join(folder, 'few.json');
writeFileSync(few, inputText(new Map([...columns].map(([id, column]) => [id, column.slice(0, 3)]))));
const colds = Array.from({ length: PROCESSES }, coldMs);
const cold = upperMedian(colds);
const whole = upperMedian(Array.from({ length: PROCESSES }, () => analyzeMs(file)));
const start = upperMedian(Array.from({ length: PROCESSES }, () => analyzeMs(few)));
rmSync(folder, { recursive: true });

const series = parseSeries(JSON.parse(text));
evaluateSeries(series, OPTIONS);
const warm = medianMs(15, () => evaluateSeries(series, OPTIONS));
const ols = medianMs(15, () => [...columns.values()].map((column) => leastSquaresLine(column)));
const pairs = cpuMs(() => allPairs(columns.get('anon')!)) * columns.size;

/** The history of a season in separate processes: with the V8 flags of `watch`, and with optimisation. */
function watchOf(how: 'frugal' | 'optimised'): WatchCost {
  const args = ['--expose-gc', '--import', 'tsx', 'bench/trend/trend-watch.ts', how];
  return JSON.parse(
    spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).stdout,
  ) as WatchCost;
}
const watched = watchOf('frugal');
const optimised = watchOf('optimised');

const rows: readonly [string, string, string][] = [
  [
    'file to verdict, a fresh process',
    `${cold.toFixed(0)} ms CPU`,
    `150 ms; 14 days x 1 min x 15 fields, ${(text.length / 1e6).toFixed(1)} MB; median of ${PROCESSES}, the least ${Math.min(...colds).toFixed(0)}`,
  ],
  [
    '  memhound analyze, all of it',
    `${whole.toFixed(0)} ms CPU`,
    `${start.toFixed(0)} ms of it for a file of three rows: the start of Node and of memhound`,
  ],
  ['  verdict alone, warm', `${warm.toFixed(1)} ms CPU`, 'median of 15'],
  [
    'watch: a tick into a full history',
    `${watched.tickMs.toFixed(3)} ms CPU`,
    `0.5 ms; ${watched.rows} rows, mean of ${watched.ticks}, making rows coarser included`,
  ],
  [
    'watch: a verdict on a full history',
    `${watched.verdictMs.toFixed(1)} ms CPU`,
    '20 ms; the alarm included, median of 25; V8 optimises nothing, as in `watch`',
  ],
  ['  where it may', `${optimised.verdictMs.toFixed(1)} ms CPU`, 'the same in a process with all compilers'],
  [
    'memory: full history; kernel',
    `${(watched.heldBytes / MIB).toFixed(1)}; ${(watched.kernelBytes / MIB).toFixed(2)} MiB`,
    '4 MiB; the kernel is what verdicts are worked out in, kept',
  ],
  [
    '  a verdict in passing; left by it',
    `${(watched.passingBytes / MIB).toFixed(1)}; ${(watched.keptBytes / MIB).toFixed(2)} MiB`,
    '',
  ],
  ['plain least squares, same data', `${ols.toFixed(2)} ms CPU`, `the verdict takes ${(warm / ols).toFixed(1)} times as long`],
  [
    'Mann-Kendall and Theil-Sen, O(n^2)',
    `${pairs.toFixed(0)} ms CPU`,
    `the verdict takes 1/${(pairs / warm).toFixed(0)} of it; one field x 15`,
  ],
];
for (const [name, value, note] of rows) console.log(`${name.padEnd(38)}${value.padStart(16)}   ${note}`);
