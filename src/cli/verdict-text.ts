import { stateLine } from '../diagnosis/state-line.ts';
import type { Finding, LevelKind, LimitKind, Verdict } from '../diagnosis/types.ts';
import { entriesOf, type FieldName, type FieldRow, fieldRow } from '../fields.ts';
import { bytesText, distinctTexts, rateText, rateWithIntervalText } from '../format.ts';
import type { FieldTrend } from '../trends/types.ts';

/**
 * A verdict as text for a terminal: the headline, a state line, and the findings with their advice. `explained`: also the rules behind the
 * headline and the findings, and the limits that they compare.
 */
export function verdictText(verdict: Verdict, explained = false): string {
  const lines = [verdict.headline, `  ${stateLine(verdict)}`];
  if (explained) lines.push(`  ${headlineRuleText(verdict)}`);
  for (const finding of verdict.findings) {
    lines.push(`  [${finding.severity}] ${finding.title}`);
    lines.push(...wrap(finding.advice, 110).map((l) => `         ${l}`));
    if (explained) lines.push(`         Rule ${finding.rule}: ${limitText(finding, verdict)}`);
  }
  return lines.join('\n');
}

/** The causes and the fields behind a verdict, one a line. */
export const factsText = (verdict: Verdict): string =>
  [...causesText(verdict), ...fieldsText(verdict)].map((line) => `  ${line}`).join('\n');

function headlineRuleText({ headlineRule, trend }: Verdict): string {
  return headlineRule === null
    ? `The headline states the trend of the memory in use (${trend}): no rule names a cause for it.`
    : `The headline is by rule ${headlineRule} (docs/rules.md).`;
}

/** "unreclaimable memory, 1.9 GiB, against the memory limit of the cgroup (memory.max), 2 GiB" */
function limitText({ limit }: Finding, verdict: Verdict): string {
  if (limit === null) return 'it compares nothing with a limit';
  const level = limit.levelBytes === null ? 'which is not known' : bytesText(limit.levelBytes);
  const bytes = limit.bytes === 'max' ? 'no limit is set' : limit.bytes === null ? 'which is not known' : bytesText(limit.bytes);
  return `${LEVEL_TEXTS[limit.level]}, ${level}, against ${limitName(limit.kind, verdict)}, ${bytes}`;
}

const LEVEL_TEXTS: Readonly<Record<LevelKind, string>> = {
  usage: 'memory used',
  'working-set': 'the working set',
  unreclaimable: 'memory that cannot be reclaimed',
  'unreclaimable-and-swap': 'memory that cannot be reclaimed, with what is swapped out',
  swap: 'swap used',
  'socket-buffers': 'socket buffers',
  'live-set': 'the live set after GC',
  planned: '-Xmx and the memory outside the heap',
  'disk-space': 'space used',
};

function limitName(kind: LimitKind, { target }: Verdict): string {
  const version = 'cgroup' in target ? target.cgroup.version : 2;
  switch (kind) {
    case 'memory':
      return `the memory limit of the cgroup (${version === 1 ? 'memory.limit_in_bytes' : 'memory.max'})`;
    case 'memory-and-swap':
      return `the limits of memory and swap (${version === 1 ? 'memory.memsw.limit_in_bytes' : 'memory.max and memory.swap.max'})`;
    case 'memory-high':
      return 'the throttling limit of the cgroup (memory.high)';
    case 'memory-request':
      return 'the memory request of the container';
    case 'swap':
      return `the swap limit of the cgroup (${version === 1 ? 'memory.memsw.limit_in_bytes less the memory limit' : 'memory.swap.max'})`;
    case 'tcp-memory':
      return 'the limit of socket buffers (memory.kmem.tcp.limit_in_bytes)';
    case 'heap-max':
      return 'the maximum heap (-Xmx)';
    case 'file-system':
      return 'the size of the file system';
    case 'ephemeral-storage':
      return 'limits.ephemeral-storage';
    default:
      return kind satisfies never;
  }
}

/**
 * One line for each field that a headline may rest on, steepest slope first: those that change, and those that do not but are named: what
 * usage is made of, sums, signs of a cause that was found, and what a sentence calls flat.
 */
export function fieldsText({ fields, causes, trend: whole }: Verdict): string[] {
  const isNamed = ({ isSum, partOf, shortName, cause }: FieldRow): boolean =>
    isSum || partOf === 'usage' || shortName !== null || causes.some((share) => share.cause === cause);
  return entriesOf(fields)
    .filter(([id, { trend }]) =>
      trend === 'not-enough-data' ? whole !== trend && isNamed(fieldRow(id)) : trend !== 'stable' || isNamed(fieldRow(id)),
    )
    .sort((a, b) => Math.abs(b[1].slopeBytesPerHour ?? 0) - Math.abs(a[1].slopeBytesPerHour ?? 0))
    .map(
      ([id, field]) =>
        `${id.padEnd(20)} ${field.trend.padEnd(10)} ${slopeText(id, field)}${field.basis.reason}${fieldRow(id).isSum ? SUM_NOTE : ''}`,
    );
}

/** One line for each cause: the growth that it was found by, and what its confidence comes from. */
export const causesText = ({ causeBasis }: Verdict): string[] =>
  causeBasis.map(({ cause, trends, posterior, cappedBy }) => {
    const grew = trends.map(
      ({ field, part, ...slope }) =>
        `${field}${part === null ? '' : PART_TEXTS[part]} ${slopeText(field, slope).replace(/: $/, '')}`,
    );
    const cap = cappedBy === null ? '' : `; confidence is at most 0.75: ${CAP_TEXTS[cappedBy]}`;
    return `cause ${cause}: ${grew.join(', ')}; posterior ${posterior.toFixed(2)}${cap}`;
  });

const PART_TEXTS = { 'outside-heap': ' outside the heap', locked: ' of page cache' } as const;

const CAP_TEXTS = {
  'daily-load': 'it may be daily load or a warm-up',
  'heap-expansion': 'it may be the heap, touched for the first time',
  collection: 'it may wait for a collection of the JVM that frees it',
  'soft-references': 'soft references may hold it, which the JVM frees before -Xmx is exceeded',
} as const;

const SUM_NOTE = ' (a sum: decides nothing by itself)';

/** "31 MB an hour (90 %: 29 to 33): " */
function slopeText(
  id: FieldName,
  { slopeBytesPerHour: slope, low, high }: Pick<FieldTrend, 'slopeBytesPerHour' | 'low' | 'high'>,
): string {
  if (slope === null || low === null || high === null) return '';
  const isCount = fieldRow(id).unit !== 'bytes';
  if (low === high) return `${isCount ? `${slope.toFixed(1)} an hour` : rateText(slope)}: `;
  if (!isCount) return `${rateWithIntervalText(slope, low, high)}: `;
  const [at, from, to] = distinctTexts([slope, low, high]);
  return `${at} an hour (90 %: ${from} to ${to}): `;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
