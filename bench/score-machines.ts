/**
 * node --import tsx bench/score-machines.ts [MACHINES]: stand-ins for real machines, eight days each; windows of 6 h to 8 days, half of
 * them with a leak of known slope added that rises by half to eight times the window's own swing. And eight healthy days asked every 12 h.
 */
import { judge } from '../src/trends/judge.ts';
import { percent } from './corpus-score.ts';
import { machineSeries } from './machine.ts';
import { Random } from './random.ts';

const count = Number(process.argv[2] ?? 60);
const STEP = 300;
const found = { tp: 0, fp: 0, fn: 0, healthy: 0 };
const square = { tp: 0, fp: 0, fn: 0 };
const errors: number[] = [];
let covered = 0;
const ever = new Map([
  [24, 0],
  [72, 0],
]);

/** The rule to compare with: rising, and R squared of a straight line over one half. */
function bySquare(y: Float64Array): boolean {
  const n = y.length;
  let mean = 0;
  for (const value of y) mean += value / n;
  let sxy = 0;
  let syy = 0;
  for (let i = 0; i < n; i++) {
    sxy += (i - (n - 1) / 2) * (y[i]! - mean);
    syy += (y[i]! - mean) ** 2;
  }
  return sxy > 0 && (sxy * sxy) / (((n * (n * n - 1)) / 12) * syy) > 0.5;
}

function ask(values: Float64Array, from: number, to: number, limit: number) {
  const y = values.slice(from, to);
  return judge(
    {
      t: Float64Array.from(y, (_, i) => 1_700_000_000 + (from + i) * STEP),
      fields: new Map([
        ['usage', y],
        ['anon', y],
      ]),
      intervalS: STEP,
      limitBytes: limit,
      heapMaxBytes: null,
      events: [],
      files: [],
    },
    { minHistorySeconds: 900 },
  );
}

for (let seed = 1; seed <= count; seed++) {
  const random = new Random(seed);
  const values = machineSeries(random, 8, STEP);
  const limit = 2 * Math.max(...values);
  for (const hours of [6, 12, 24, 48, 96, 192]) {
    const length = (hours * 3600) / STEP;
    const from = Math.floor(random.between(0, values.length - length));
    found.healthy++;
    const healthy = ask(values, from, from + length, limit);
    if (healthy.leak === true) {
      found.fp++;
      const { basis } = healthy.fields.anon!;
      if (process.argv.includes('--why'))
        console.log(
          seed,
          `${hours} h`,
          basis.fits.map(({ model, score }) => `${model} ${score.toFixed(1)}`).join(', '),
          basis.tests.growing?.toFixed(3),
          'R2',
          basis.tests.straight?.toFixed(2),
          basis.segments.length > 1
            ? ((basis.segments.at(-1)! - basis.segments[0]!) / healthy.fields.anon!.windowSeconds).toFixed(2)
            : 'whole',
        );
    }
    if (bySquare(values.subarray(from, from + length))) square.fp++;
    const window = values.slice(from, from + length);
    const sorted = window.slice().sort();
    const spread = sorted[Math.floor(0.95 * length)]! - sorted[Math.floor(0.05 * length)]!;
    const slope = (random.scale(1.5, 10) * Math.max(spread, 0.02 * sorted[length >> 1]!)) / (hours * 3600);
    const leaking = window.map((value, i) => value + slope * i * STEP);
    if (bySquare(leaking)) square.tp++;
    else square.fn++;
    const answer = ask(leaking, 0, length, 2 * limit);
    if (answer.leak === true) found.tp++;
    else {
      found.fn++;
      const { basis } = answer.fields.anon!;
      if (process.argv.includes('--why'))
        console.log(
          'missed',
          seed,
          `${hours} h`,
          bySquare(leaking),
          ((slope * hours * 3600) / spread).toFixed(1),
          basis.fits.map(({ model, score }) => `${model} ${score.toFixed(1)}`).join(', '),
          answer.fields.anon!.trend,
          basis.tests.growing?.toFixed(3),
          'R2',
          basis.tests.straight?.toFixed(2),
          basis.tests.falling?.toFixed(3),
          basis.segments.length > 1
            ? ((basis.segments.at(-1)! - basis.segments[0]!) / answer.fields.anon!.windowSeconds).toFixed(2)
            : 'whole',
        );
    }
    const field = answer.fields.anon!;
    errors.push(Math.abs(field.slopeBytesPerHour! / 3600 / slope - 1));
    if (field.low! / 3600 <= slope && slope <= field.high! / 3600) covered++;
  }
  for (const hours of ever.keys()) {
    const length = (hours * 3600) / STEP;
    let alarmed = false;
    for (let to = length; to <= values.length && !alarmed; to += (12 * 3600) / STEP)
      alarmed = ask(values, to - length, to, limit).leak === true;
    if (alarmed) ever.set(hours, ever.get(hours)! + 1);
  }
}
console.log(
  `R squared > 0.5: F1 ${percent((2 * square.tp) / (2 * square.tp + square.fp + square.fn))}, false alarms ${percent(square.fp / found.healthy)}`,
);
errors.sort((a, b) => a - b);
const at = (share: number) => errors[Math.floor(share * errors.length)]!;
console.log(`machines (stand-ins)                             ${count}`);
console.log(`F1                                               ${percent((2 * found.tp) / (2 * found.tp + found.fp + found.fn))}`);
console.log(
  `false alarms                                     ${percent(found.fp / found.healthy)} of ${found.healthy}; missed ${found.fn} of ${found.tp + found.fn}`,
);
console.log(
  `slope error, median / p90                        ${percent(at(0.5))} / ${percent(at(0.9))}; interval covers ${percent(covered / errors.length)}`,
);
for (const [hours, alarmed] of ever)
  console.log(`machines with any false alarm, last ${hours} h each 12 h  ${percent(alarmed / count)}`);
