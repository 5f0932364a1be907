import { createHash } from 'node:crypto';
import { parseSegment, type Segment, SegmentError } from '../segment.ts';

const HASH_KEY = /,"sum":"([0-9a-f]{16})"\}\n?$/;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The text of a segment: JSON whose last key is the hash of all text before it, so that a changed bit is detected. */
export function segmentText(segment: Segment): string {
  const head = JSON.stringify(segment).slice(0, -1);
  return `${head},"sum":"${hashOf(head)}"}\n`;
}

/**
 * Parses the text of a segment. Schema 1 has no hash. `envelope` false skips minimum and maximum of coarser rows, two thirds of the text,
 * which memory does not hold. @throws SegmentError that says what is wrong; the file is then quarantined
 */
export function readSegmentText(text: string, { envelope = true } = {}): Segment {
  const found = HASH_KEY.exec(text);
  if (found === null) {
    const segment = parseSegment(text);
    if (!text.includes('"memhound.history/1"'))
      throw new SegmentError('expected a sum as its last key, found none: it was cut or changed');
    return segment;
  }
  const sum = hashOf(text.slice(0, found.index));
  if (sum !== found[1]) throw new SegmentError(`expected sum ${sum}, found ${found[1]}: a bit has changed`);
  return parseSegment(envelope ? text : withoutEnvelope(text), { proven: true });
}

/** The keys are in the order of `emptySegment`. Columns contain no objects, so a match can only be a key of the top level. */
function withoutEnvelope(text: string): string {
  const [from, to] = [text.indexOf(',"min":{'), text.lastIndexOf(',"events":[')];
  return from < 0 || to < from ? text : text.slice(0, from) + text.slice(to);
}
