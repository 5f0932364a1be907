/** node --import tsx bench/trend/evaluate-recordings.ts DIR: the verdict on each recording (NAME.jsonl.gz), evaluated with a minimum history of 30 s. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { entriesOf } from '../../src/fields.ts';
import { parseRecording } from '../../src/inputs/recording.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';

const dir = process.argv[2];
if (dir === undefined) {
  console.error('usage: judge-recordings.ts DIR');
  process.exit(2);
}
for (const name of readdirSync(dir)
  .filter((file) => file.endsWith('.jsonl.gz'))
  .sort()) {
  const { series } = parseRecording(gunzipSync(readFileSync(join(dir, name))).toString());
  const answer = evaluateSeries(series, { minHistorySeconds: 30 });
  const growing = entriesOf(answer.fields).flatMap(([id, field]) => (field.trend === 'growing' ? [id] : []));
  console.log(
    `${name.replace('.jsonl.gz', '').padEnd(22)} ${answer.trend.padEnd(10)} leak ${answer.leak} ${answer.confidence.toFixed(2)} ` +
      `${answer.causes.map(({ cause, reclaimable }) => `${cause}${reclaimable ? '(r)' : ''}`).join(',') || 'none'}  [${growing.join(' ')}] ${answer.fields.usage?.trend}`,
  );
}
