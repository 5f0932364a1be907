import { entriesOf } from '../../src/fields.ts';
import type { Evaluation } from '../../src/trends/types.ts';

/** Scores answers against labels. An ambiguous series counts only if the verdict is growing at a confidence of 0.8 or more. */
export interface Labelled {
  readonly scenario: string;
  readonly truth: {
    readonly overall: string;
    readonly accept?: readonly string[];
    readonly leak?: boolean;
    readonly per_field: Readonly<Record<string, string>>;
    readonly slope_bytes_per_hour: Readonly<Record<string, number>>;
    readonly cause: string;
    readonly eta_s: number | null;
    readonly heap_eta_s?: number | null;
    /** From labels of another corpus: the begin of the current trend, and by field the true slope divided by its standard error. */
    readonly segment_start?: number;
    readonly oracle_z?: Readonly<Record<string, number>>;
  };
}

export interface ScoredAnswer {
  readonly overall: string;
  readonly per_field: Record<string, string>;
  readonly slope_bytes_per_hour: Record<string, number | null>;
  readonly slope_interval: Record<string, [number, number]>;
  readonly eta_s: number | null;
  readonly heap_eta_s: number | null;
  readonly cause: string;
  readonly confidence: number;
}

const reads: Readonly<Record<string, string>> = { cyclic: 'stable', settling: 'indeterminate' };

export function toAnswer(judgement: Evaluation): ScoredAnswer {
  const { trend, leak } = judgement;
  const plain = trend === 'growing' ? (leak === false ? 'stable' : 'indeterminate') : (reads[trend] ?? trend);
  const eta = (event: string) => judgement.etas.find((candidate) => candidate.event === event)?.seconds ?? null;
  const answer: ScoredAnswer = {
    overall: leak === true ? 'growing' : plain,
    per_field: {},
    slope_bytes_per_hour: {},
    slope_interval: {},
    eta_s: eta('oom-kill'),
    heap_eta_s: eta('heap-exhausted'),
    cause: judgement.causes[0]?.cause ?? 'none',
    confidence: judgement.confidence,
  };
  for (const [id, field] of entriesOf(judgement.fields)) {
    answer.per_field[id] = reads[field.trend] ?? field.trend;
    answer.slope_bytes_per_hour[id] = field.slopeBytesPerHour;
    if (field.low !== null && field.high !== null) answer.slope_interval[id] = [field.low, field.high];
  }
  return answer;
}

const rate = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
export const quantile = (values: readonly number[], share: number): number | null =>
  values.length === 0 ? null : [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
const median = (values: readonly number[]): number | null => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
const f1 = (tp: number, fp: number, fn: number) => ({
  precision: rate(tp, tp + fp),
  recall: rate(tp, tp + fn),
  f1: rate(2 * tp, 2 * tp + fp + fn),
  tp,
  fp,
  fn,
});

export interface AnsweredSeries {
  readonly id: string;
  readonly label: Labelled;
  readonly answer: ScoredAnswer;
}

export function scoreAll(series: readonly AnsweredSeries[]) {
  const all = { tp: 0, fp: 0, fn: 0, healthy: 0, ambiguous: 0, loud: 0 };
  const field = { tp: 0, fp: 0, fn: 0, quiet: 0 };
  const falling = { tp: 0, fp: 0, fn: 0 };
  const early = { healthy: 0, given: 0 };
  const scenarios = new Map<string, { ok: number; scored: number }>();
  const errors: number[] = [];
  const covered = [0, 0];
  const eta = { wanted: 0, errors: [] as number[] };
  const heap = { wanted: 0, errors: [] as number[] };
  const cause = [0, 0];
  const mistakes: string[] = [];
  const fieldMistakes: string[] = [];
  const confidences: { confidence: number; right: boolean; growing: boolean }[] = [];
  for (const { id, label: labelled, answer } of series) {
    const { scenario, truth: label } = labelled;
    const accept = label.accept ?? [];
    const growing = answer.overall === 'growing';
    let ok: boolean | null;
    if (label.overall !== 'indeterminate') {
      ok =
        answer.overall === label.overall ||
        accept.includes(answer.overall) ||
        (label.overall === 'not-enough-data' && answer.overall === 'indeterminate');
      if (label.overall === 'growing') {
        if (growing) all.tp++;
        else all.fn++;
      } else {
        all.healthy++;
        if (growing && !accept.includes('growing')) all.fp++;
      }
      if (answer.overall !== 'not-enough-data')
        confidences.push({
          confidence: answer.confidence,
          right: growing === (label.overall === 'growing') || (growing && accept.includes('growing')),
          growing,
        });
    } else if (label.leak === true) ok = null;
    else {
      ok = !(growing && answer.confidence >= 0.8);
      all.ambiguous++;
      if (!ok) all.loud++;
    }
    const row = scenarios.get(scenario) ?? { ok: 0, scored: 0 };
    scenarios.set(scenario, row);
    if (ok !== null) {
      row.scored++;
      if (ok) row.ok++;
      else
        mistakes.push(
          `${id} ${scenario}: ${label.overall}, said ${answer.overall} ${answer.confidence.toFixed(3)} (${answer.cause}; truly ${label.cause})`,
        );
    }
    for (const [name, said] of Object.entries(label.per_field)) {
      if (said === 'indeterminate') continue;
      const mine = answer.per_field[name];
      if (said === 'shrinking' && mine === 'shrinking') falling.tp++;
      else if (said === 'shrinking') falling.fn++;
      else if (mine === 'shrinking') {
        falling.fp++;
        fieldMistakes.push(`${id} ${scenario} ${name}: false shrinking (${said})`);
      }
      if (said === 'growing') {
        if (mine === 'growing') field.tp++;
        else {
          field.fn++;
          fieldMistakes.push(`${id} ${scenario} ${name}: growing missed (${mine})`);
        }
        const slope = answer.slope_bytes_per_hour[name];
        const right = label.slope_bytes_per_hour[name]!;
        if (typeof slope === 'number') errors.push(Math.abs(slope - right) / Math.abs(right));
        const interval = answer.slope_interval[name];
        if (interval !== undefined) {
          covered[1]!++;
          if (interval[0] <= right && right <= interval[1]) covered[0]!++;
        }
      } else {
        field.quiet++;
        if (mine === 'growing') {
          field.fp++;
          fieldMistakes.push(`${id} ${scenario} ${name}: false growing (${said})`);
        }
      }
    }
    if (label.overall !== 'growing' && label.overall !== 'indeterminate' && !accept.includes('growing')) {
      early.healthy++;
      if (answer.eta_s !== null) early.given++;
    }
    if (label.overall === 'growing') {
      if (growing) {
        cause[1]!++;
        if (answer.cause === label.cause) cause[0]!++;
        else mistakes.push(`${id} ${scenario}: cause ${label.cause}, said ${answer.cause}`);
      }
      const compare = (row: typeof eta, wanted: number | null | undefined, said: number | null, name: string) => {
        if (wanted === null || wanted === undefined || wanted <= 0) return;
        row.wanted++;
        if (said === null) return;
        const error = Math.exp(Math.abs(Math.log(Math.max(1, said) / wanted))) - 1;
        row.errors.push(error);
        if (error > 0.25) mistakes.push(`${id} ${scenario}: ${name} ${said.toFixed(0)} s, truly ${wanted} s`);
      };
      compare(eta, label.eta_s, answer.eta_s, 'eta');
      compare(heap, label.heap_eta_s, answer.heap_eta_s, 'heap eta');
    }
  }
  const accuracies = [...scenarios]
    .filter(([, row]) => row.scored > 0)
    .map(([name, row]) => ({ name, accuracy: row.ok / row.scored, ...row }));
  const within = (values: readonly number[], most: number) => rate(values.filter((value) => value <= most).length, values.length);
  const band = (low: number, high: number) => {
    const inside = confidences.filter(({ confidence }) => confidence >= low && confidence < high);
    const among = (list: typeof inside) => ({
      answers: list.length,
      right: rate(list.filter(({ right }) => right).length, list.length),
    });
    return { all: among(inside), growing: among(inside.filter(({ growing }) => growing)) };
  };
  return {
    series: series.length,
    growing: f1(all.tp, all.fp, all.fn),
    falseAlarms: rate(all.fp, all.healthy),
    ambiguousLoud: rate(all.loud, all.ambiguous),
    field: f1(field.tp, field.fp, field.fn),
    fieldFalseAlarms: rate(field.fp, field.quiet),
    falling: f1(falling.tp, falling.fp, falling.fn),
    etaOnHealthy: rate(early.given, early.healthy),
    slope: { median: median(errors), p90: quantile(errors, 0.9) },
    coverage: rate(covered[0]!, covered[1]!),
    eta: { wanted: eta.wanted, given: eta.errors.length, median: median(eta.errors), within25: within(eta.errors, 0.25) },
    heapEta: {
      wanted: heap.wanted,
      given: heap.errors.length,
      median: median(heap.errors),
      within25: within(heap.errors, 0.25),
    },
    cause: rate(cause[0]!, cause[1]!),
    causeOfAll: rate(cause[0]!, all.tp + all.fn),
    macro: accuracies.reduce((sum, row) => sum + row.accuracy, 0) / Math.max(1, accuracies.length),
    worst: Math.min(...accuracies.map((row) => row.accuracy)),
    growingAnswers: {
      answers: confidences.filter(({ growing }) => growing).length,
      confidence: mean(confidences.filter(({ growing }) => growing).map(({ confidence }) => confidence)),
      right: rate(
        confidences.filter(({ growing, right }) => growing && right).length,
        confidences.filter(({ growing }) => growing).length,
      ),
    },
    calibration: {
      'under 0.8': band(0, 0.8),
      '0.8-0.9': band(0.8, 0.9),
      '0.9-0.95': band(0.9, 0.95),
      'over 0.95': band(0.95, 1.01),
    },
    accuracies: accuracies.sort((a, b) => a.accuracy - b.accuracy),
    mistakes,
    fieldMistakes,
  };
}

export const percent = (value: number | null, digits = 1): string =>
  value === null ? 'n/a' : `${(100 * value).toFixed(digits)} %`;

type Score = ReturnType<typeof scoreAll>;

const within25 = ({ median: middle, within25: share, given, wanted }: Score['eta']): string =>
  `${percent(middle)}; ${percent(share)} (${given}/${wanted})`;

const ROWS: readonly (readonly [string, (score: Score) => string])[] = [
  ['series', ({ series }) => String(series)],
  ['F1, growing', ({ growing }) => percent(growing.f1)],
  ['  found, false, missed', ({ growing: { tp, fp, fn } }) => `${tp}, ${fp}, ${fn}`],
  ['precision; recall', ({ growing }) => `${percent(growing.precision)}; ${percent(growing.recall)}`],
  ['false alarms on healthy', ({ falseAlarms }) => percent(falseAlarms, 2)],
  ['ambiguous, growing at confidence >= 0.8', ({ ambiguousLoud }) => percent(ambiguousLoud)],
  ['field F1', ({ field }) => percent(field.f1)],
  ['  found, false, missed', ({ field: { tp, fp, fn } }) => `${tp}, ${fp}, ${fn}`],
  ['field false alarms', ({ fieldFalseAlarms }) => percent(fieldFalseAlarms, 2)],
  ['shrinking fields: found, false, missed', ({ falling: { tp, fp, fn } }) => `${tp}, ${fp}, ${fn}`],
  ['  precision', ({ falling }) => percent(falling.precision)],
  ['slope error, median / p90', ({ slope }) => `${percent(slope.median)} / ${percent(slope.p90)}`],
  ['slope interval covers the truth', ({ coverage }) => percent(coverage)],
  ['ETA error, median; within 25 %', ({ eta }) => within25(eta)],
  ['heap ETA error, median; within 25 %', ({ heapEta }) => within25(heapEta)],
  ['a time to the limit stated for healthy ones', ({ etaOnHealthy }) => percent(etaOnHealthy)],
  ['cause right among leaks found; of all leaks', ({ cause, causeOfAll }) => `${percent(cause)}; ${percent(causeOfAll)}`],
  ['macro accuracy over scenarios; worst', ({ macro, worst }) => `${percent(macro)}; ${percent(worst)}`],
  [
    'growing: mean confidence; right',
    ({ growingAnswers }) => `${percent(growingAnswers.confidence)}; ${percent(growingAnswers.right)}`,
  ],
  ...(['under 0.8', '0.8-0.9', '0.9-0.95', 'over 0.95'] as const).map(
    (band) =>
      [
        `right at confidence ${band}; growing`,
        ({ calibration: { [band]: of } }: Score) =>
          `${[of.all, of.growing].map(({ right, answers }) => `${percent(right, 0)} (${answers})`).join('; ')}`,
      ] as const,
  ),
];

export function printScores(columns: readonly { readonly name: string; readonly score: Score }[], withMistakes: boolean): void {
  const full = columns.filter(({ score }) => score.series > 0);
  if (withMistakes)
    for (const { name, score } of full) {
      console.log(`${name}:`);
      for (const line of [...score.mistakes, ...score.fieldMistakes]) console.log(`  ${line}`);
      for (const row of score.accuracies.filter(({ accuracy }) => accuracy < 1))
        console.log(`  ${row.ok} of ${row.scored} ${row.name}`);
    }
  console.log(`${''.padEnd(46)}${full.map(({ name }) => name.padStart(24)).join('')}`);
  for (const [name, of] of ROWS) console.log(`${name.padEnd(46)}${full.map(({ score }) => of(score).padStart(24)).join('')}`);
}
