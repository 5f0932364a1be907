// Writes docs/fields.md from the table of fields: npm run fields
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { FIELDS, type FieldRow } from '../src/fields.ts';

const SOURCES: readonly { readonly source: FieldRow['source']; readonly title: string }[] = [
  { source: 'cgroup', title: 'From the cgroup' },
  { source: 'procfs', title: 'From `/proc/PID` of the target process' },
  { source: 'jvm', title: "From the JVM's counters (hsperfdata)" },
];

const HEAD = `# Fields

Every field that memhound samples, made from the table in \`src/fields.ts\` by \`npm run fields\`. A gauge can rise and fall; a
counter only rises, until the container restarts. Every further key of \`memory.stat\` is sampled under its own name.
`;

const reclaimability = ({ reclaimable }: FieldRow): string =>
  reclaimable === null ? 'mixed, or not memory' : reclaimable ? 'reclaimable' : 'not reclaimable';

function entry(field: FieldRow): string {
  const { id, title, unit, kind, help, v1, v2, source } = field;
  const place = (path: string | null): string => (path === null ? 'none' : `\`${path}\``);
  const computed = v1 === null && v2 === null;
  const places = source !== 'cgroup' ? [] : computed ? ['computed'] : [`v1: ${place(v1)}`, `v2: ${place(v2)}`];
  const facts = [unit, kind, ...(unit === 'bytes' ? [reclaimability(field)] : []), ...places];
  return `- \`${id}\`: ${title}. ${help}.\n  ${facts.join('; ')}.`;
}

export const fieldReference = (): string =>
  [
    HEAD,
    ...SOURCES.map(
      ({ source, title }) =>
        `## ${title}\n\n${FIELDS.filter((f) => f.source === source)
          .map(entry)
          .join('\n')}\n`,
    ),
  ].join('\n');

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync('docs/fields.md', fieldReference());
