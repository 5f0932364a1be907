import { QUESTIONS } from '../culprit/questions.ts';
import type { Culprit, CulpritCause, GroupGrowth } from '../culprit/types.ts';
import { bytesText, safeName } from '../format.ts';

const REASONS: Readonly<Record<Extract<Culprit, { state: 'unknown' }>['because'], string>> = {
  'not-understood': 'the answer of the JVM was not understood',
  'no-growth': 'the whole did not grow between the two readings: a longer --for may show more',
  'no-group-has-half': 'nothing explains half of what grew',
  'over-budget': 'the first reading took longer than 10 s, so there was no second',
  cancelled: 'it was cancelled',
};

const sizeText = (cause: CulpritCause, size: number): string =>
  QUESTIONS[cause].unit === 'bytes' ? bytesText(size) : `${size} ${size === 1 ? 'thread' : 'threads'}`;

const rowText = (cause: CulpritCause, g: GroupGrowth): string =>
  `${safeName(g.name)} grew from ${sizeText(cause, g.before)} to ${sizeText(cause, g.after)}, ${Math.floor(100 * g.share)} % of what grew`;

/** What `memhound culprit` prints for people. */
export function culpritText(culprit: Culprit): string[] {
  const { cause } = culprit;
  if (culprit.state === 'failed')
    return [`${cause}: ${culprit.error}`, ...(culprit.remediation === null ? [] : [culprit.remediation])];
  const rows = culprit.grown.map((g) => `  ${rowText(cause, g)}`);
  if (culprit.state === 'unknown') return [`${cause}: not known, because ${REASONS[culprit.because]}`, ...rows];
  const { stand } = culprit;
  const where = stand === null ? '' : `; ${stand.threads} stand in ${safeName(stand.frame)}`;
  return [`${cause}: ${rowText(cause, culprit.culprit)}${where}`, ...rows.slice(1)];
}
