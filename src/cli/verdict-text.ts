import { stateLine } from '../diagnosis/state-line.ts';
import type { Verdict } from '../diagnosis/types.ts';
import { entriesOf, type FieldName, type FieldRow, fieldRow } from '../fields.ts';
import { rateIntervalText, rateText } from '../format.ts';
import type { FieldTrend } from '../trends/types.ts';

/** A verdict as text for a terminal: the headline, a state line, and the findings with their advice. */
export function verdictText(verdict: Verdict): string {
  const lines = [verdict.headline, `  ${stateLine(verdict)}`];
  for (const finding of verdict.findings) {
    lines.push(`  [${finding.severity}] ${finding.title}`);
    lines.push(...wrap(finding.advice, 110).map((l) => `         ${l}`));
  }
  return lines.join('\n');
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
} as const;

const SUM_NOTE = ' (a sum: decides nothing by itself)';

/** "31 MB an hour (90 %: 29 to 33 MB an hour): " */
function slopeText(
  id: FieldName,
  { slopeBytesPerHour: slope, low, high }: Pick<FieldTrend, 'slopeBytesPerHour' | 'low' | 'high'>,
): string {
  if (slope === null || low === null || high === null) return '';
  const isCount = fieldRow(id).unit !== 'bytes';
  if (low === high) return `${isCount ? `${slope.toFixed(1)} an hour` : rateText(slope)}: `;
  if (isCount) return `${slope.toFixed(1)} an hour (90 %: ${low.toFixed(1)} to ${high.toFixed(1)}): `;
  return `${rateText(slope)} (90 %: ${rateIntervalText(low, high)}): `;
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
