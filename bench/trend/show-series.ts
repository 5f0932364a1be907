import { fieldName } from '../../src/fields.ts';
/** node --import tsx bench/trend/show-series.ts SCENARIO RUN [FIELD]: one series of the project's own corpus as a chart, with its label and the verdict. */
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { CORPUS, exampleOf } from '../../synthetic/corpus/index.ts';

const [name, run = '0', id = 'anon'] = process.argv.slice(2);
const found = CORPUS.find((scenario) => scenario.name === name);
if (found === undefined) {
  console.error(`no scenario ${name ?? ''}; there are:\n${CORPUS.map((scenario) => `  ${scenario.name}`).join('\n')}`);
  process.exit(2);
}
const WIDTH = 100;
const HEIGHT = 14;
const { series, label } = exampleOf(found.index, Number(run));
const { t } = series;
const column = series.fields.get(fieldName(id))!;
const present = column.filter(Number.isFinite).sort();
const low = present[0]!;
const high = present[present.length - 1]!;
const fromT = Math.min(...t);
const spanS = Math.max(...t) - fromT;
const rows = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(' '));
column.forEach((value, i) => {
  if (!Number.isFinite(value)) return;
  const x = Math.min(WIDTH - 1, Math.floor(((t[i]! - fromT) / spanS) * WIDTH));
  const y = Math.min(HEIGHT - 1, Math.floor(((value - low) / (high - low + 1)) * HEIGHT));
  rows[HEIGHT - 1 - y]![x] = '*';
});
for (const row of rows) console.log(row.join('').trimEnd());

const mb = (bytes: number | null | undefined): string => (typeof bytes === 'number' ? `${(bytes / 1e6).toFixed(2)} MB` : '-');
const evaluation = evaluateSeries(series, { minHistorySeconds: 900 });
const field = evaluation.fields[fieldName(id)]!;
const { truth } = label;
console.log(
  `${(spanS / 3600).toFixed(1)} h, ${t.length} samples at ${series.intervalS} s, limit ${mb(Number(series.limitBytes))}`,
);
console.log(
  `true: ${truth.overall}, ${truth.cause}; ${id} ${truth.per_field[id]}, ${mb(truth.slope_bytes_per_hour[id])}/h; limit in ${truth.eta_s} s`,
);
console.log(
  `said: ${evaluation.trend}, leak ${evaluation.leak}, confidence ${evaluation.confidence.toFixed(3)}, ${evaluation.causes[0]?.cause}`,
);
console.log(
  `      ${id} ${field.trend}, ${mb(field.slopeBytesPerHour)}/h (${mb(field.low)} to ${mb(field.high)}), ${(field.windowSeconds / 3600).toFixed(1)} h`,
);
for (const [test, value] of Object.entries(field.basis.statistics)) console.log(`      ${test.padEnd(12)} ${value.toFixed(3)}`);
for (const { model, probability } of field.basis.modelProbabilities)
  console.log(`      ${model.padEnd(12)} ${probability.toFixed(3)}`);
