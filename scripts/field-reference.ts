// Writes docs/fields.md from the table of fields: npm run fields
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { FIELDS, type FieldRow, type SourceName } from '../src/fields.ts';
import { wrapped } from './wrapped.ts';

const SOURCES: Readonly<Record<SourceName, string>> = {
  cgroup: 'From the cgroup',
  procfs: 'From `/proc/PID` of the target process',
  hsperfdata: "From the JVM's counters (hsperfdata)",
};

const HEAD = `# Fields

Every field that memhound samples, made from the table in \`src/fields.ts\` by \`npm run fields\`. A gauge can rise and
fall; a counter only rises, until the container restarts. Every further key of \`memory.stat\` is sampled under its own
name. A part of a field counts in that field's sum and, where the kernel cannot reclaim it, in what leads to an OOM
kill; parts of \`kernel\` are in the ledger.
`;

const reclaimability = ({ reclaimable }: FieldRow): string =>
  reclaimable === null ? 'mixed, or not memory' : reclaimable ? 'reclaimable' : 'not reclaimable';

function placesOf({ source, v1, v2, status }: FieldRow): string[] {
  if (status !== null) return [`\`status#${status}\``];
  if (source !== 'cgroup') return [];
  const place = (path: string | null): string => (path === null ? 'none' : `\`${path}\``);
  return v1 === null && v2 === null ? ['computed'] : [`v1: ${place(v1)}`, `v2: ${place(v2)}`];
}

function entry(field: FieldRow): string {
  const { id, title, unit, kind, help, partOf } = field;
  const facts = [
    unit,
    kind,
    ...(unit === 'bytes' ? [reclaimability(field)] : []),
    ...(partOf === null ? [] : [`part of \`${partOf}\``]),
    ...placesOf(field),
  ];
  return `${wrapped('-', `\`${id}\`: ${title}. ${help}.`)}\n${wrapped(' ', `${facts.join('; ')}.`)}`;
}

export const fieldReference = (): string =>
  [
    HEAD,
    ...Object.entries(SOURCES).map(
      ([source, title]) =>
        `## ${title}\n\n${FIELDS.filter((f) => f.source === source)
          .map(entry)
          .join('\n')}\n`,
    ),
  ].join('\n');

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync('docs/fields.md', fieldReference());
