import { bytesText, joinWithAnd, safeName } from '../format.ts';
import { buffersText, nativeLines } from './native-text.ts';
import { isRecorded, QUESTIONS } from './questions.ts';
import { recordedText } from './recorded-text.ts';
import {
  COUNTED,
  type Counted,
  type Culprit,
  type CulpritCause,
  type GroupGrowth,
  type LoaderKeepers,
  type Unknown,
} from './types.ts';

const REASONS: Readonly<Record<Unknown, string>> = {
  'no-such-event': 'the flight recorder of this JDK has no such events: those of started programs came with JDK 15',
  'not-understood': 'an answer of the JVM was not understood',
  'no-growth': 'the whole did not grow from the first look to the last: a longer search may show more',
  'no-group-has-half': 'nothing explains half of what grew',
  'not-steady':
    'what grew most did not grow from each look to the next: it goes up and down, has stopped, or grows in bursts: a longer search may show more',
  'over-budget': 'a look took longer than 10 s, so there was no further one',
  cancelled: 'it was cancelled',
};

/** One of them, for the plural with an s. */
const COUNTED_NAMES: Readonly<Record<Counted, readonly [one: string, more: string]>> = {
  loaders: ['loader', 'loaders'],
  classes: ['class', 'classes'],
  instances: ['object', 'objects'],
  blocks: ['block of malloc', 'blocks of malloc'],
  buffers: ['buffer', 'buffers'],
  names: ['name', 'names'],
  closed: ['that the other side has closed', 'that the other side has closed'],
};

function sizeText(cause: CulpritCause, size: number): string {
  const unit = isRecorded(cause) ? 'bytes' : QUESTIONS[cause].unit;
  return unit === 'bytes' ? bytesText(size) : `${size} ${size === 1 ? unit.slice(0, -1) : unit}`;
}

/** "1,240 more loaders and 9,920 more classes"; "": nothing is counted beside the size, or there are not more. */
function moreText({ more }: GroupGrowth): string {
  const parts = COUNTED.flatMap((what) => {
    const n = more[what] ?? 0;
    return n > 0 ? [`${n.toLocaleString('en-US')} more ${COUNTED_NAMES[what][n === 1 ? 0 : 1]}`] : [];
  });
  return parts.length === 0 ? '' : `: ${joinWithAnd(parts)}`;
}

const rowText = (cause: CulpritCause, g: GroupGrowth): string =>
  `${safeName(g.name)} grew from ${sizeText(cause, g.before)} to ${sizeText(cause, g.after)}, ${Math.floor(100 * g.share)} % of what grew${moreText(g)}`;

/** What `memhound culprit` prints for people, and what is copied from the page. */
export function culpritText(culprit: Culprit): string[] {
  const { cause } = culprit;
  if (culprit.state === 'failed')
    return [`${cause}: not known, because ${culprit.error}`, ...(culprit.remediation === null ? [] : [culprit.remediation])];
  if (culprit.state === 'recorded') return recordedText(culprit);
  const rows = culprit.grown.map((g) => `  ${rowText(cause, g)}`);
  const beside = culprit.native === null ? [] : nativeLines(culprit.native);
  if (culprit.state === 'unknown') return [`${cause}: not known, because ${REASONS[culprit.because]}`, ...rows, ...beside];
  const { stand, parent } = culprit;
  const where =
    stand === null || culprit.culprit.name.includes(stand.frame) ? '' : `; ${stand.threads} stand in ${safeName(stand.frame)}`;
  const below = parent === null ? '' : `; their parent is a ${safeName(parent)}`;
  const what = cause === 'metaspace' && culprit.culprit.more.loaders !== undefined ? 'loaders of class ' : '';
  return [
    `${cause}: ${what}${rowText(cause, culprit.culprit)}${where}${below}${keepersText(culprit.keepers)}${retentionText(culprit)}${buffersText(culprit)}${usedByText(culprit)}`,
    ...rows.slice(1),
    ...beside,
  ];
}

/** "; each has objects of com.acme.Listener; 8 more threads shop-prices stand in com.acme.Prices.run" */
function keepersText(keepers: LoaderKeepers | null): string {
  if (keepers === null) return '';
  const { classes, threads, drivers, threadLocals, mbeans } = keepers;
  return [
    classes.length === 0 ? '' : `; most of them have live objects of ${joinWithAnd(classes.map((name) => safeName(name)))}`,
    threads === null
      ? ''
      : `; with them ${threads.more} more threads ${safeName(threads.name)} run, which stand in ${safeName(threads.frame)}`,
    drivers ? '; with them the number of drivers registered in java.sql.DriverManager grew' : '',
    threadLocals ? '; with them the number of values of ThreadLocals grew, and that of threads did not' : '',
    mbeans ? '; with them the number of registered MBeans grew' : '',
  ].join('');
}

/** "; 88 % of its 140 reads and writes come from com.acme.Import.read:41"; "": it is no descriptor. */
function usedByText({ cause, usedBy }: Extract<Culprit, { state: 'named' }>): string {
  if (cause !== 'descriptors') return '';
  if (usedBy === null) return '; no line has half of what is read and written there, and opens are not recorded';
  const { share, events, line, logger } = usedBy;
  return `; ${Math.floor(100 * share)} % of its ${events.toLocaleString('en-US')} reads and writes come from ${safeName(line ?? logger ?? 'a frame that is not known')}`;
}

const HOLDERS = {
  'static-field': 'held by the static field',
  field: 'held by the field',
  object: 'held by an object of class',
  collection: 'held by a',
  frame: 'allocated in',
} as const;

/** ", held by the static field OrderCache.BY_ID (88 of 133 sampled objects), allocated in OrderService.load:88 (...)" */
function retentionText({ cause, retention }: Extract<Culprit, { state: 'named' }>): string {
  if (retention === null) return '';
  // Of loaders it is often not known, and what keeps them is told beside.
  if (retention.state === 'unknown') return cause === 'metaspace' ? '' : `; who holds them is not known: ${retention.reason}`;
  const { samples, heldBy, allocatedAt } = retention;
  const known = [heldBy, allocatedAt].filter((one) => one !== null);
  if (known.length === 0) return cause === 'metaspace' ? '' : `; ${samples} sampled objects have no holder in common`;
  return known
    .map(
      (one) =>
        `, ${HOLDERS[one.kind]} ${safeName(one.name)}${one.thread === null ? '' : ` of the thread ${safeName(one.thread)}`} (${one.samples} of ${samples} sampled objects)`,
    )
    .join('');
}
