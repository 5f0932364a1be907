// Writes docs/metrics.md from the metrics themselves: npm run metrics
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { createMetrics, type MetricRow } from '../src/outlets/metrics.ts';
import { wrapped } from './wrapped.ts';

const HEAD = `# Metrics

Every metric of \`GET /metrics\` on port 8801, made from \`src/outlets/metrics.ts\` by \`npm run metrics\`. No label is a
path, a file or a command line, but for \`memhound_file_resident_bytes\`, which exists only with \`--metrics-files N\`.
[fields.md](fields.md) explains the values of the label \`field\`, [rules.md](rules.md) those of \`rule\`. A value that is not
known is absent, never 0. Counters are listed under their sample names.
`;

const entry = ({ name, type, help, labels }: MetricRow): string =>
  `${wrapped('-', `\`${name}\` (${[type, ...labels.map((label) => `\`${label}\``)].join(', ')}): ${help}.`)}`;

export function metricReference(): string {
  const { rows } = createMetrics({ latest: () => [], self: () => ({}) }, { files: 1, pod: '' });
  return [HEAD, ...rows.map(entry), ''].join('\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync('docs/metrics.md', metricReference());
