import { QUESTIONS } from '../culprit/questions.ts';
import type { Retention } from '../culprit/retention.ts';
import type { Culprit, CulpritCause, GroupGrowth } from '../culprit/types.ts';
import { bytesText, safeName } from '../format.ts';

const REASONS: Readonly<Record<Extract<Culprit, { state: 'unknown' }>['because'], string>> = {
  'not-understood': 'the answer of the JVM was not understood',
  'no-growth': 'the whole did not grow between the two readings: a longer --for may show more',
  'no-group-has-half': 'nothing explains half of what grew',
  'over-budget': 'the first reading took longer than 10 s, so there was no second',
  cancelled: 'it was cancelled',
};

/** Rows of less are not printed. */
const LEAST_SHARE = 0.01;

const sizeText = (cause: CulpritCause, size: number): string =>
  QUESTIONS[cause].unit === 'bytes' ? bytesText(size) : `${size} ${size === 1 ? 'thread' : 'threads'}`;

const rowText = (cause: CulpritCause, g: GroupGrowth): string =>
  `${safeName(g.name)} grew from ${sizeText(cause, g.before)} to ${sizeText(cause, g.after)}, ${Math.floor(100 * g.share)} % of what grew`;

/** What `memhound culprit` prints for people. */
export function culpritText(culprit: Culprit): string[] {
  const { cause } = culprit;
  if (culprit.state === 'failed')
    return [`${cause}: ${culprit.error}`, ...(culprit.remediation === null ? [] : [culprit.remediation])];
  const rows = culprit.grown.filter(({ share }) => share >= LEAST_SHARE).map((g) => `  ${rowText(cause, g)}`);
  if (culprit.state === 'unknown') return [`${cause}: not known, because ${REASONS[culprit.because]}`, ...rows];
  const { stand } = culprit;
  const where = stand === null ? '' : `; ${stand.threads} stand in ${safeName(stand.frame)}`;
  return [`${cause}: ${rowText(cause, culprit.culprit)}${where}${retentionText(culprit.retention)}`, ...rows.slice(1)];
}

const HOLDERS = {
  'static-field': 'held by the static field',
  field: 'held by the field',
  collection: 'held by a',
  frame: 'allocated in',
} as const;

/** ", held by the static field OrderCache.BY_ID (88 of 133 sampled objects), allocated in OrderService.load:88 (...)" */
function retentionText(retention: Retention | null): string {
  if (retention === null) return '';
  if (retention.state === 'unknown') return `; who holds them is not known: ${retention.reason}`;
  const { samples, heldBy, allocatedAt } = retention;
  const known = [heldBy, allocatedAt].filter((one) => one !== null);
  if (known.length === 0) return `; ${samples} sampled objects have no holder in common`;
  return known
    .map((one) => `, ${HOLDERS[one.kind]} ${safeName(one.name)} (${one.samples} of ${samples} sampled objects)`)
    .join('');
}
