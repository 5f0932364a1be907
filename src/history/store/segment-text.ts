import { createHash } from 'node:crypto';
import { parseSegment, type Segment } from '../segment.ts';

const HASH_KEY = /,"sum":"([0-9a-f]{16})"\}\n?$/;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** A segment as it lies on disk: JSON, with the hash of all that stands before it as the last key, so that a flipped bit is no figure. */
export function segmentText(segment: Segment): string {
  const head = JSON.stringify(segment).slice(0, -1);
  return `${head},"sum":"${hashOf(head)}"}\n`;
}

/**
 * Files of schema 1 have no hash. `envelope` false leaves out least and largest of coarser rows: two thirds of their text, which memory does
 * not hold.
 * @throws Error saying what is wrong; the file is then set aside
 */
export function readSegmentText(text: string, { envelope = true } = {}): Segment {
  const found = HASH_KEY.exec(text);
  if (found === null) {
    const segment = parseSegment(text);
    if (!text.includes('"memhound.history/1"'))
      throw new Error('expected a sum as its last key, found none: it was cut or changed');
    return segment;
  }
  const sum = hashOf(text.slice(0, found.index));
  if (sum !== found[1]) throw new Error(`expected sum ${sum}, found ${found[1]}: a bit has changed`);
  return parseSegment(envelope ? text : withoutEnvelope(text), { proven: true });
}

/** The keys come in the order of `emptySegment`; no column has an object in it, so these can only be the top level's. */
function withoutEnvelope(text: string): string {
  const [from, to] = [text.indexOf(',"min":{'), text.lastIndexOf(',"events":[')];
  return from < 0 || to < from ? text : text.slice(0, from) + text.slice(to);
}
