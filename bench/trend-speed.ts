/**
 * npm run bench:trend: what a verdict costs. 14 days at one minute x 15 fields from a file, and in `watch` on a full history; beside plain
 * least squares and Mann-Kendall with Theil-Sen in O(n^2) over the same data.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSeries } from '../src/cli/series-file.ts';
import { History } from '../src/history/history.ts';
import { QUIET, step } from '../src/trends/alarm.ts';
import { judge } from '../src/trends/judge.ts';
import { allPairs } from './methods/all-pairs.ts';
import { lineThrough } from './methods/line.ts';
import { FROM_T, inputColumns, inputText, LIMIT, STEP_S } from './trend-input.ts';

const OPTIONS = { minHistorySeconds: 900 };
const PROCESSES = 7;
const MIB = 1_048_576;

function cpuMs(work: () => unknown): number {
  const began = process.cpuUsage();
  work();
  const spent = process.cpuUsage(began);
  return (spent.user + spent.system) / 1000;
}

const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
const medianMs = (rounds: number, work: () => unknown): number => middle(Array.from({ length: rounds }, () => cpuMs(work)));

const columns = inputColumns(14);
const text = inputText(columns);
const folder = mkdtempSync(join(tmpdir(), 'trend-speed-'));
const file = join(folder, 'fortnight.json');
writeFileSync(file, text);

/** Another process that says what it spent. `exit`: all of it, told by a hook when it ends. */
const AT_EXIT = `data:text/javascript,process.on('exit',()=>{const c=process.cpuUsage();process.stderr.write('\\nCPU '+(c.user+c.system)/1000)})`;
function analyzeMs(input: string): number {
  const { stderr } = spawnSync(process.execPath, ['--import', AT_EXIT, 'dist/memhound.mjs', 'analyze', '--json', input], {
    encoding: 'utf8',
  });
  return Number(/CPU ([\d.]+)\s*$/.exec(stderr)?.[1] ?? Number.NaN);
}
const coldMs = (): number =>
  Number(spawnSync(process.execPath, ['--import', 'tsx', 'bench/trend-cold.ts', file], { encoding: 'utf8' }).stdout);

const few = join(folder, 'few.json');
writeFileSync(few, inputText(new Map([...columns].map(([id, column]) => [id, column.slice(0, 3)]))));
const colds = Array.from({ length: PROCESSES }, coldMs);
const cold = middle(colds);
const whole = middle(Array.from({ length: PROCESSES }, () => analyzeMs(file)));
const start = middle(Array.from({ length: PROCESSES }, () => analyzeMs(few)));
rmSync(folder, { recursive: true });

const series = parseSeries(JSON.parse(text));
judge(series, OPTIONS);
const warm = medianMs(15, () => judge(series, OPTIONS));
const ols = medianMs(15, () => [...columns.values()].map((column) => lineThrough(column)));
const pairs = cpuMs(() => allPairs(columns.get('anon')!)) * columns.size;

/** A history as `watch` has it after a season: every minute for 91 days, then every ten seconds for a day. */
const used = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const season = [...inputColumns(92)];
const before = used();
const history = new History();
let at = FROM_T;
let minute = 0;
const tick = (stepS: number) => {
  at += stepS;
  minute += stepS / STEP_S;
  const row = Math.min(season[0]![1].length - 1, Math.floor(minute));
  const values: Record<string, number> = {};
  for (const [id, column] of season) values[id] = column[row]!;
  return { atMs: at * 1000, epoch: 'one', values, limitBytes: LIMIT, heapMaxBytes: LIMIT / 2, failures: [] };
};
for (let i = 0; i < 91 * 1440; i++) history.append(tick(60));
for (let i = 0; i < 8640; i++) history.append(tick(10));
const held = used() - before;
const ticks = 8192;
const samples = Array.from({ length: ticks }, () => tick(10));
const tickMs = cpuMs(() => samples.forEach((sample) => void history.append(sample))) / ticks;
let state = QUIET;
const evaluate = () => {
  const judgement = judge(history.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'current' }), OPTIONS);
  state = step(state, judgement, at).state;
};
evaluate();
const watched = medianMs(25, evaluate);
const rest = used();
evaluate();
const { heapUsed, arrayBuffers } = process.memoryUsage();
const passing = heapUsed + arrayBuffers - rest;
const kept = used() - rest;

const rows: readonly [string, string, string][] = [
  [
    'file to verdict, a fresh process',
    `${cold.toFixed(0)} ms CPU`,
    `150 ms; 14 days x 1 min x 15 fields, ${(text.length / 1e6).toFixed(1)} MB; median of ${PROCESSES}, the least ${colds[0]!.toFixed(0)}`,
  ],
  [
    '  memhound analyze, all of it',
    `${whole.toFixed(0)} ms CPU`,
    `${start.toFixed(0)} ms of it for a file of three rows: the start of Node and of memhound`,
  ],
  ['  verdict alone, warm', `${warm.toFixed(1)} ms CPU`, 'median of 15'],
  [
    'watch: a tick into a full history',
    `${tickMs.toFixed(3)} ms CPU`,
    `0.5 ms; ${history.length} rows, mean of ${ticks}, making rows coarser included`,
  ],
  [
    'watch: a verdict on a full history',
    `${watched.toFixed(1)} ms CPU`,
    '20 ms; with the copy of the history and the alarm, median of 25',
  ],
  ['memory of a full history', `${(held / MIB).toFixed(1)} MiB`, '4 MiB'],
  [
    '  a verdict in passing; left by it',
    `${(passing / MIB).toFixed(1)}; ${(kept / MIB).toFixed(2)} MiB`,
    globalThis.gc ? '' : 'needs --expose-gc',
  ],
  ['plain least squares, same data', `${ols.toFixed(2)} ms CPU`, `the verdict takes ${(warm / ols).toFixed(1)} times as long`],
  [
    'Mann-Kendall and Theil-Sen, O(n^2)',
    `${pairs.toFixed(0)} ms CPU`,
    `the verdict takes 1/${(pairs / warm).toFixed(0)} of it; one field x 15`,
  ],
];
for (const [name, value, note] of rows) console.log(`${name.padEnd(38)}${value.padStart(16)}   ${note}`);
