/**
 * Child of trend-memory.ts: evaluates a history again and again as `watch` does, under given V8 flags, and prints the cost.
 * Usage: trend-memory-child COLUMNS ROWS EVALUATIONS plain|compiled [FLAG...]
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { MemoryTrimmer } from '../../src/daemon/memory-trimmer.ts';
import { selfAnonBytes } from '../../src/daemon/self-report.ts';
import { History } from '../../src/history/history.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../src/trends/evaluation-cache.ts';
import { PLAIN_ARITHMETIC } from '../../src/trends/model/plain-arithmetic.ts';
import { cpuMs } from '../stats/cpu-time.ts';
import { upperMedian } from '../stats/median.ts';
import { FROM_T, IDS, LIMIT, STEP_S } from './trend-input.ts';

export interface MemoryCost {
  readonly verdictMs: number;
  readonly firstMs: number;
  readonly anonMiB: number;
}

const [file, rows, evaluations, arithmetic, ...flags] = process.argv.slice(2);
for (const flag of flags) setFlagsFromString(flag);
const n = Number(rows);
const bytes = readFileSync(file!);
const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
const history = new History();
const append = (row: number): number => {
  const atMs = 1000 * (FROM_T + STEP_S * row);
  const values: Record<string, number> = {};
  IDS.forEach((id, i) => {
    values[id] = numbers[i * n + row]!;
  });
  history.append({ atMs, epoch: 'one', values, limitBytes: LIMIT, heapMaxBytes: null, failures: [] });
  return atMs;
};
const first = n - Number(evaluations);
for (let row = 0; row < first; row++) append(row);
const cache = new EvaluationCache(arithmetic === 'plain' ? PLAIN_ARITHMETIC : null);
const trimmer = new MemoryTrimmer(selfAnonBytes, cache);
await trimmer.trimAfterStart(Date.now());
const times: number[] = [];
const levels: number[] = [];
for (let row = first; row < n; row++) {
  const nowMs = append(row);
  times.push(
    cpuMs(() =>
      evaluateSeries(
        history.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'all' }),
        { minHistorySeconds: 900 },
        cache,
      ),
    ),
  );
  await trimmer.tick(nowMs);
  levels.push(selfAnonBytes() ?? Number.NaN);
  // Optimising compilers finish in the background, between evaluations.
  await new Promise((resolve) => setImmediate(resolve));
}
const later = Math.floor(times.length / 2);
const cost: MemoryCost = {
  verdictMs: upperMedian(times.slice(later)),
  firstMs: times[0]!,
  anonMiB: upperMedian(levels.slice(later)) / 2 ** 20,
};
console.log(JSON.stringify(cost));
