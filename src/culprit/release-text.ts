import { bytesText } from '../format.ts';
import { LEAST_RELEASED, type Released, type ReleasedMemory, releasedBy } from '../sources/jvm/release-memory.ts';
import type { Reading } from '../sources/types.ts';

const CONCLUSIONS: Readonly<Record<Released, string>> = {
  collection: 'So most of what came back waited for a collection.',
  malloc:
    'So most of what came back is what malloc keeps of freed memory. MALLOC_ARENA_MAX=2 bounds its arenas; jemalloc returns more.',
  neither: 'So neither a collection nor malloc had it: the program holds it.',
};

/** What `explain --release` adds to its answer, and `culprit --release`. `what`: the memory that was measured. */
export function releaseText(reading: Reading<ReleasedMemory>, what = 'Anonymous memory of the JVM'): string[] {
  if (reading.state !== 'read')
    return [`Memory was not released: ${reading.state === 'absent' ? reading.reason : reading.error}`];
  const { beforeBytes, afterCollectionBytes, afterTrimBytes } = reading.value;
  const collected = beforeBytes - afterCollectionBytes;
  const trimmed = afterTrimBytes === null ? null : afterCollectionBytes - afterTrimBytes;
  const last = afterTrimBytes ?? afterCollectionBytes;
  const by = releasedBy(reading.value);
  return [
    `${what}: ${bytesText(beforeBytes)}`,
    `  a collection gave back ${gainText(collected)}${collected >= LEAST_RELEASED ? ': that waited for a collection, so nothing held it' : ''}`,
    trimmed === null
      ? '  malloc was not trimmed: this JVM does not know System.trim_native_heap, or its malloc cannot do it'
      : `  malloc (System.trim_native_heap) gave back ${gainText(trimmed)}${trimmed >= LEAST_RELEASED ? ': the program had freed it, and malloc kept it' : ''}`,
    `  ${bytesText(last)} stay: they are held by the program, or are memory that the JVM keeps`,
    ...(by === null ? [] : [`  ${CONCLUSIONS[by]}`]),
  ];
}

const gainText = (bytes: number): string => (bytes >= LEAST_RELEASED ? bytesText(bytes) : 'nothing');
