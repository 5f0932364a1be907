import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import { GIB, MIB } from '../../units.ts';
import type { AddressRange } from './address-space.ts';
import type { JvmFigures } from './jvm-figures.ts';

/** ZGC's reservation for the stacks of its marking threads, of which the first part is committed. */
export interface MarkStacks extends AddressRange {
  readonly anonBytes: number;
  readonly committedBytes: number;
}

/** ZMarkStackSpaceLimit, JDK 13 to 23; before that the size was fixed (zMarkStack.cpp). JDK 24 and newer have no such range. */
const RESERVED = [8 * GIB, 1024 * GIB];
/** It is committed in steps of this size (ZMarkStackSpaceExpandSize). */
const STEP = 32 * MIB;

/** null: another collector, or the range was not found. If it is aligned by chance, it looks like an arena of glibc. */
export function markStacks(mappings: readonly Mapping[], { collector }: JvmFigures): MarkStacks | null {
  if (collector !== 'ZGC') return null;
  for (const [i, m] of mappings.entries()) {
    const next = mappings[i + 1];
    const committedBytes = m.end - m.start;
    if (next === undefined || next.start !== m.end || committedBytes % STEP !== 0) continue;
    if (m.path !== '' || !m.perms.startsWith('rw-p') || !next.perms.startsWith('---')) continue;
    if (RESERVED.includes(next.end - m.start)) return { start: m.start, end: next.end, anonBytes: m.anonBytes, committedBytes };
  }
  return null;
}
