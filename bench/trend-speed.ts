/** node --import tsx bench/trend-speed.ts: 14 days at one minute x 15 fields, text to verdict, beside plain least squares and Theil-Sen in O(n^2). */
import { parseSeries } from '../src/cli/series-file.ts';
import { judge } from '../src/trends/judge.ts';
import { machineSeries } from './machine.ts';
import { Random } from './random.ts';

const IDS = [
  'usage',
  'working_set',
  'anon',
  'file',
  'active_file',
  'inactive_file',
  'shmem',
  'slab',
  'slab_reclaimable',
  'slab_unreclaimable',
  'kernel_stack',
  'pagetables',
  'sock',
  'heap_used',
  'metaspace',
];
const n = 20_160;
const columns = IDS.map((_, i) => machineSeries(new Random(i + 1), 14, 60));
const text = JSON.stringify({
  interval_s: 60,
  limit_bytes: 16e9,
  t: Array.from({ length: n }, (_, i) => 1_700_000_000 + 60 * i),
  fields: Object.fromEntries(IDS.map((id, i) => [id, [...columns[i]!]])),
});

function cpuMs(work: () => unknown): number {
  const began = process.cpuUsage();
  work();
  const spent = process.cpuUsage(began);
  return (spent.user + spent.system) / 1000;
}

function leastSquares(y: Float64Array): number {
  let mean = 0;
  for (const value of y) mean += value / y.length;
  let sxy = 0;
  let sxx = 0;
  for (let i = 0; i < y.length; i++) {
    const x = i - (y.length - 1) / 2;
    sxy += x * (y[i]! - mean);
    sxx += x * x;
  }
  return sxy / sxx;
}

/** Mann 1945 and Sen 1968 over all pairs; the median slope from a sorted sample of the pairs, since all of them are 1.6 GB. */
function mannKendall(y: Float64Array): number {
  let s = 0;
  const slopes: number[] = [];
  for (let i = 0; i < y.length; i++)
    for (let j = i + 1; j < y.length; j++) {
      s += Math.sign(y[j]! - y[i]!);
      if ((i * 31 + j) % 997 === 0) slopes.push((y[j]! - y[i]!) / (j - i));
    }
  slopes.sort((a, b) => a - b);
  return s + slopes[slopes.length >> 1]!;
}

const options = { minHistorySeconds: 900 };
const first = cpuMs(() => judge(parseSeries(JSON.parse(text)), options));
const series = parseSeries(JSON.parse(text));
const rounds = Array.from({ length: 9 }, () => cpuMs(() => judge(series, options))).sort((a, b) => a - b);
const warm = rounds[4]!;
if (typeof globalThis.gc === 'function') globalThis.gc();
const before = process.memoryUsage();
judge(series, options);
const after = process.memoryUsage();
const ols = cpuMs(() => columns.map(leastSquares));
const pairs = cpuMs(() => mannKendall(columns[0]!)) * IDS.length;
console.log(
  `file to verdict, cold     ${first.toFixed(0)} ms CPU   (14 days x 1 min x 15 fields, ${(text.length / 1e6).toFixed(1)} MB)`,
);
console.log(`verdict, warm (median)    ${warm.toFixed(1)} ms CPU`);
console.log(
  `memory left by a verdict  ${((after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) / 1048576).toFixed(1)} MiB before collection`,
);
console.log(`plain least squares       ${ols.toFixed(1)} ms   the verdict takes ${(warm / ols).toFixed(1)} times as long`);
console.log(`Mann-Kendall, Theil-Sen   ${pairs.toFixed(0)} ms   the verdict takes 1/${(pairs / warm).toFixed(0)} of it`);
