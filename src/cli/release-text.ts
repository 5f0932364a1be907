import { bytesText } from '../format.ts';
import type { ReleasedMemory } from '../sources/jvm/release-memory.ts';
import type { Reading } from '../sources/types.ts';
import { MIB } from '../units.ts';

/** Less than this is noise of a running JVM. */
const MIN_BYTES = 4 * MIB;

/** What `explain --release` adds to its answer. */
export function releaseText(reading: Reading<ReleasedMemory>): string[] {
  if (reading.state !== 'read')
    return [`Memory was not released: ${reading.state === 'absent' ? reading.reason : reading.error}`];
  const { beforeBytes, afterCollectionBytes, afterTrimBytes } = reading.value;
  const collected = beforeBytes - afterCollectionBytes;
  const trimmed = afterTrimBytes === null ? null : afterCollectionBytes - afterTrimBytes;
  const last = afterTrimBytes ?? afterCollectionBytes;
  return [
    `Anonymous memory of the JVM: ${bytesText(beforeBytes)}`,
    `  a collection (GC.run) gave back ${gainText(collected)}${collected >= MIN_BYTES ? ': that waited for a collection, so nothing held it' : ''}`,
    trimmed === null
      ? '  malloc was not trimmed: this JVM does not know System.trim_native_heap, or its malloc cannot do it'
      : `  malloc (System.trim_native_heap) gave back ${gainText(trimmed)}${trimmed >= MIN_BYTES ? ': the program had freed it, and malloc kept it' : ''}`,
    `  ${bytesText(last)} stay: they are held by the program, or are the heap that the JVM keeps`,
  ];
}

const gainText = (bytes: number): string => (bytes >= MIN_BYTES ? bytesText(bytes) : 'nothing');
