/**
 * node --expose-gc --import tsx bench/trend/trend-watch.ts frugal|optimised [DAYS] [plain]: CPU of a tick and a verdict in `watch` on the history of a
 * season, or of so many days, as JSON. `frugal`: V8 has the flags of `watch`, so nothing is optimised. `plain`: the reference in TypeScript instead of the
 * compiled kernel.
 */
import { applyLowMemoryFlags } from '../../src/cli/v8-flags.ts';
import { History } from '../../src/history/history.ts';
import { INITIAL_STATE, nextState } from '../../src/trends/alarm.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../src/trends/evaluation-cache.ts';
import { CompiledArithmetic } from '../../src/trends/model/kernel/compiled-arithmetic.ts';
import { PLAIN_ARITHMETIC } from '../../src/trends/model/plain-arithmetic.ts';
import { cpuMs, medianMs } from '../stats/cpu-time.ts';
import { FROM_T, inputColumns, LIMIT, STEP_S } from './trend-input.ts';

export interface WatchCost {
  readonly rows: number;
  readonly ticks: number;
  readonly tickMs: number;
  readonly verdictMs: number;
  readonly heldBytes: number;
  readonly passingBytes: number;
  readonly keptBytes: number;
  /** Memory of WebAssembly, allocated with the first verdict. */
  readonly kernelBytes: number;
}

if (process.argv[2] === 'frugal') applyLowMemoryFlags();
const TICKS = 8192;
const days = Number(process.argv[3] ?? 92);

const used = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** A history as `watch` has it after a season: every minute for 91 days (or one day less than DAYS), then every ten seconds for a day. */
const season = [...inputColumns(days)];
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
for (let i = 0; i < (days - 1) * 1440; i++) history.append(tick(60));
for (let i = 0; i < 8640; i++) history.append(tick(10));
const heldBytes = used() - before;
const samples = Array.from({ length: TICKS }, () => tick(10));
const tickMs = cpuMs(() => samples.forEach((sample) => void history.append(sample))) / TICKS;
const compiled = process.argv[4] === 'plain' ? null : new CompiledArithmetic();
const cache = new EvaluationCache(compiled ?? PLAIN_ARITHMETIC);
let state = INITIAL_STATE;
const evaluate = () => {
  const series = history.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'current' });
  state = nextState(state, evaluateSeries(series, { minHistorySeconds: 900 }, cache), at).state;
};
evaluate();
const verdictMs = medianMs(25, evaluate);
const rest = used();
evaluate();
const { heapUsed, arrayBuffers } = process.memoryUsage();
const cost: WatchCost = {
  rows: history.length,
  ticks: TICKS,
  tickMs,
  verdictMs,
  heldBytes,
  passingBytes: heapUsed + arrayBuffers - rest,
  keptBytes: used() - rest,
  kernelBytes: compiled?.memoryBytes ?? 0,
};
console.log(JSON.stringify(cost));
