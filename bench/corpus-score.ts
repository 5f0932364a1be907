import type { Judgement } from '../src/trends/types.ts';

/** Scores answers against labels. An ambiguous series counts only when it is said to grow at a confidence of 0.8 or more. */
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
  };
}

export interface Answer {
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

export function answerOf(judgement: Judgement): Answer {
  const { trend, leak } = judgement;
  const plain = trend === 'growing' ? (leak === false ? 'stable' : 'indeterminate') : (reads[trend] ?? trend);
  const eta = (event: string) => judgement.etas.find((candidate) => candidate.event === event)?.seconds ?? null;
  const answer: Answer = {
    overall: leak === true ? 'growing' : plain,
    per_field: {},
    slope_bytes_per_hour: {},
    slope_interval: {},
    eta_s: eta('oom-kill'),
    heap_eta_s: eta('heap-exhausted'),
    cause: judgement.causes[0]?.cause ?? 'none',
    confidence: judgement.confidence,
  };
  for (const [id, field] of Object.entries(judgement.fields)) {
    answer.per_field[id] = reads[field.trend] ?? field.trend;
    answer.slope_bytes_per_hour[id] = field.slopeBytesPerHour;
    if (field.low !== null && field.high !== null) answer.slope_interval[id] = [field.low, field.high];
  }
  return answer;
}

const rate = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
const quantile = (values: readonly number[], share: number): number | null =>
  values.length === 0 ? null : [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
const f1 = (tp: number, fp: number, fn: number) => ({
  precision: rate(tp, tp + fp),
  recall: rate(tp, tp + fn),
  f1: rate(2 * tp, 2 * tp + fp + fn),
  tp,
  fp,
  fn,
});

export function scoreAll(truth: Readonly<Record<string, Labelled>>, answers: Readonly<Record<string, Answer>>) {
  const all = { tp: 0, fp: 0, fn: 0, healthy: 0, ambiguous: 0, loud: 0 };
  const field = { tp: 0, fp: 0, fn: 0, quiet: 0 };
  const scenarios = new Map<string, { ok: number; scored: number }>();
  const errors: number[] = [];
  const covered = [0, 0];
  const eta = { wanted: 0, errors: [] as number[] };
  const heap = { wanted: 0, errors: [] as number[] };
  const cause = [0, 0];
  const mistakes: string[] = [];
  const fieldMistakes: string[] = [];
  const confidences: { confidence: number; right: boolean; growing: boolean }[] = [];
  for (const [id, { scenario, truth: label }] of Object.entries(truth)) {
    const answer = answers[id];
    if (answer === undefined) continue;
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
    return { answers: inside.length, right: rate(inside.filter(({ right }) => right).length, inside.length) };
  };
  return {
    series: Object.keys(truth).length,
    growing: f1(all.tp, all.fp, all.fn),
    falseAlarms: rate(all.fp, all.healthy),
    ambiguousLoud: rate(all.loud, all.ambiguous),
    field: f1(field.tp, field.fp, field.fn),
    fieldFalseAlarms: rate(field.fp, field.quiet),
    slope: { median: quantile(errors, 0.5), p90: quantile(errors, 0.9) },
    coverage: rate(covered[0]!, covered[1]!),
    eta: { wanted: eta.wanted, given: eta.errors.length, median: quantile(eta.errors, 0.5), within25: within(eta.errors, 0.25) },
    heapEta: {
      wanted: heap.wanted,
      given: heap.errors.length,
      median: quantile(heap.errors, 0.5),
      within25: within(heap.errors, 0.25),
    },
    cause: rate(cause[0]!, cause[1]!),
    macro: accuracies.reduce((sum, row) => sum + row.accuracy, 0) / Math.max(1, accuracies.length),
    worst: Math.min(...accuracies.map((row) => row.accuracy)),
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

export function printScore(score: ReturnType<typeof scoreAll>, withMistakes: boolean): void {
  const { growing, field } = score;
  if (withMistakes) {
    console.log(score.mistakes.join('\n'));
    console.log(score.fieldMistakes.join('\n'));
    for (const row of score.accuracies.filter(({ accuracy }) => accuracy < 1))
      console.log(`${row.name}: ${row.ok}/${row.scored}`);
  }
  const rows: [string, string][] = [
    ['series', String(score.series)],
    ['F1, growing', `${percent(growing.f1)}  (tp ${growing.tp}, fp ${growing.fp}, fn ${growing.fn})`],
    ['precision', percent(growing.precision)],
    ['recall', percent(growing.recall)],
    ['false alarms on healthy', percent(score.falseAlarms)],
    ['ambiguous said growing with confidence >= 0.8', percent(score.ambiguousLoud)],
    ['field F1', `${percent(field.f1)}  (tp ${field.tp}, fp ${field.fp}, fn ${field.fn})`],
    ['field false alarms', percent(score.fieldFalseAlarms, 2)],
    ['slope error, median / p90', `${percent(score.slope.median)} / ${percent(score.slope.p90)}`],
    ['slope interval covers', percent(score.coverage)],
    [
      'ETA error, median; within 25 %',
      `${percent(score.eta.median)}; ${percent(score.eta.within25)} (${score.eta.given} of ${score.eta.wanted})`,
    ],
    [
      'heap ETA error, median; within 25 %',
      `${percent(score.heapEta.median)}; ${percent(score.heapEta.within25)} (${score.heapEta.given} of ${score.heapEta.wanted})`,
    ],
    ['cause right among leaks found', percent(score.cause)],
    ['macro accuracy over scenarios; worst', `${percent(score.macro)}; ${percent(score.worst)}`],
    ...Object.entries(score.calibration).map(([name, { answers, right }]): [string, string] => [
      `right among answers of confidence ${name}`,
      `${percent(right)} (${answers})`,
    ]),
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(48)} ${value}`);
}
