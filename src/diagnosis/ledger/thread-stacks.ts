import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import { KIB, MIB } from '../../units.ts';
import type { AddressRange } from './address-space.ts';

/** glibc has one guard page; the yellow, red and reserved zones of HotSpot have four to about twenty. */
const MAX_GUARD_BYTES = 256 * KIB;
/** The stack of a library's thread: the default of glibc, which is that of `ulimit -s`. */
const NATIVE_STACK_BYTES = 8 * MIB;

interface Stack extends AddressRange {
  readonly guard: number;
}

/** A size that a program asks for, unlike that of a stack merged with a block of malloc, which has a header. */
const ROUND_BYTES = 64 * KIB;

/**
 * Stacks of threads, each directly above its guard pages. The JVM's own stacks have one length, and their guards have one length. So reserved
 * memory of another length is not a guard, and a longer mapping is a stack that the kernel has merged with the memory after it: unless
 * several have the same round length, as those of a pool whose threads ask for larger stacks.
 */
export function stackRanges(mappings: readonly Mapping[]): AddressRange[] {
  const stacks: Stack[] = [];
  for (const [i, m] of mappings.entries()) {
    const before = mappings[i - 1];
    if (isStack(m, before)) stacks.push({ start: m.start, end: m.end, guard: before!.end - before!.start });
  }
  const guard = mostFrequent(stacks.map((s) => s.guard));
  const lengths = stacks.map(lengthOf);
  const length = mostFrequent(lengths);
  const isAskedFor = (s: Stack): boolean =>
    s.guard === guard && lengthOf(s) % ROUND_BYTES === 0 && lengths.filter((one) => one === lengthOf(s)).length > 1;
  return stacks
    .filter((s) => guard === null || s.guard <= Math.max(guard, 4 * KIB))
    .map((s) => (length === null || isAskedFor(s) ? s : cutTo(length, s)));
}

const lengthOf = ({ start, end, guard }: Stack): number => end - start + guard;

function cutTo(length: number, { start, end, guard }: Stack): AddressRange {
  const isNative = Math.abs(end - start - NATIVE_STACK_BYTES) <= MAX_GUARD_BYTES;
  return { start, end: isNative ? end : Math.min(end, start - guard + length) };
}

/** null: no value comes twice. */
function mostFrequent(values: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [value, times] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 1]);
  return times < 2 ? null : value;
}

const isStack = (m: Mapping, before: Mapping | undefined): boolean =>
  before !== undefined &&
  before.end === m.start &&
  before.path === '' &&
  before.perms.startsWith('---') &&
  before.end - before.start <= MAX_GUARD_BYTES &&
  m.path === '' &&
  m.perms.startsWith('rw-p') &&
  m.end - m.start >= 64 * KIB &&
  m.end - m.start <= 1024 * MIB;
