import { plausible } from '../../plausible.ts';
import { GIB, KIB, MIB } from '../../units.ts';

/** Parsers of the output of the JVM's diagnostic commands. Sizes are in bytes. A text of unknown format gives null or an empty list. Pure. */

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  bytes: 1,
  K: KIB,
  KB: KIB,
  M: MIB,
  MB: MIB,
  G: GIB,
  GB: GIB,
};
/** @throws Impossible */
function size(number: string, unit: string | undefined): number {
  const bytes = plausible(Math.round(Number(number) * (UNITS[unit ?? ''] ?? 1)));
  if (bytes === null) throw new Impossible();
  return bytes;
}

/** A size that no machine has. The whole answer is then rejected, because its other values may be invented too. */
class Impossible extends Error {}

function orElse<T>(otherwise: T, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Impossible) return otherwise;
    throw error;
  }
}

/** The longest answer, VM.native_memory, has about 200. */
const MAX_LINES = 1000;
const MAX_LINE_LENGTH = 400;
/** Bounds the number of lines and their length before any pattern is applied, because the container controls the JVM's answer. */
const bounded = (text: string): string =>
  text
    .slice(0, MAX_LINES * MAX_LINE_LENGTH)
    .split('\n', MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE_LENGTH))
    .join('\n');

export interface HeapInfo {
  /** With the JVM's names: `garbage-first heap`, `def new generation`, `tenured generation`, `ZHeap`, `Metaspace`, ... */
  readonly areas: readonly { readonly name: string; readonly usedBytes: number; readonly committedBytes: number | null }[];
  /** The addresses that are reserved for the heap; null: not printed (ZGC). */
  readonly range: { readonly start: number; readonly end: number } | null;
  /** Bytes of the young generation, if the collector prints them for the whole heap (G1). */
  readonly youngBytes: number | null;
  /** Its maximum, if it is printed (ZGC, Shenandoah). */
  readonly maxBytes: number | null;
}

/** `GC.heap_info`. Serial, Parallel, G1: ` NAME   total 1K, used 1K [...]`; ZGC: ` ZHeap used 1M, capacity 1M, ...`; Shenandoah: ` 64M max, 64M soft max, 64M committed, 9M used`. */
export const parseHeapInfo = (reply: string): HeapInfo =>
  orElse({ areas: [], range: null, youngBytes: null, maxBytes: null }, () => heapInfo(reply));

function heapInfo(reply: string): HeapInfo {
  const text = bounded(reply);
  const areas: { name: string; usedBytes: number; committedBytes: number | null }[] = [];
  for (const line of text.split('\n').slice(0, 100)) {
    const total = /^[ \t]*(\S.*?)\s+total (?:reserved \d+K, committed )?(\d+)K, used (\d+)K/.exec(line);
    const used =
      /^[ \t]*(\S.*?)\s+used (\d+)([KMG]), (?:capacity \d+[KMG], (?=committed))?(?:capacity|committed) (\d+)([KMG])/.exec(line);
    const shenandoah = /^[ \t]*(\d+)([KMGB]) (?:max|total).*?, (\d+)([KMGB]) committed, (\d+)([KMGB]) used/.exec(line);
    // Serial, Parallel and CMS leave the empty one of the two survivor spaces out of the total of their young generation.
    const empty = /^[ \t]*to +space (\d+)K/.exec(line);
    const young = areas[0];
    if (empty && areas.length === 1 && young?.committedBytes != null)
      areas[0] = { ...young, committedBytes: young.committedBytes + size(empty[1]!, 'K') };
    else if (total) areas.push({ name: total[1]!, usedBytes: size(total[3]!, 'K'), committedBytes: size(total[2]!, 'K') });
    else if (used) areas.push({ name: used[1]!, usedBytes: size(used[2]!, used[3]), committedBytes: size(used[4]!, used[5]) });
    else if (shenandoah)
      areas.push({
        name: 'Shenandoah Heap',
        usedBytes: size(shenandoah[5]!, shenandoah[6]),
        committedBytes: size(shenandoah[3]!, shenandoah[4]),
      });
  }
  const young = /^[ \t]*region size \d+K, \d+ young \((\d+)K\)/m.exec(text);
  const maximum = /max capacity (\d+)([KMG])|^[ \t]*(\d+)([KMGB]) max,/m.exec(text);
  return {
    areas,
    range: heapAddresses(text),
    youngBytes: young === null ? null : size(young[1]!, 'K'),
    maxBytes: maximum === null ? null : size(maximum[1] ?? maximum[3]!, maximum[2] ?? maximum[4]),
  };
}

/** `[low, high)`, and for each generation `[low, committed, high)`: the addresses of all spaces together are the heap's. */
function heapAddresses(text: string): HeapInfo['range'] {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const line of text.split('\n').slice(0, 1000)) {
    if (/^[ \t]*Metaspace\b/.test(line)) break;
    const found = /\[0x([0-9a-f]{1,16}),\s?(?:0x[0-9a-f]{1,16},\s?){0,2}0x([0-9a-f]{1,16})[)\]]/.exec(line);
    const [start, end] = [Number.parseInt(found?.[1] ?? '', 16), Number.parseInt(found?.[2] ?? '', 16)];
    if (start > 0 && end > start && Number.isSafeInteger(end)) [low, high] = [Math.min(low, start), Math.max(high, end)];
  }
  return high === 0 ? null : { start: low, end: high };
}

export interface NativeMemory {
  readonly reservedBytes: number;
  readonly committedBytes: number;
  readonly categories: readonly {
    readonly name: string;
    readonly reservedBytes: number;
    readonly committedBytes: number;
    /** Parts of the committed bytes: from malloc, from mmap, and in the VM's arenas. */
    readonly mallocBytes: number;
    readonly mmapBytes: number;
    readonly arenaBytes: number;
    /** Blocks of malloc that are not freed. */
    readonly mallocs: number;
  }[];
}

/** `VM.native_memory summary`; null: tracking is off. Only the start option -XX:NativeMemoryTracking=summary turns it on. */
export const parseNativeMemory = (reply: string): NativeMemory | null => orElse(null, () => nativeMemory(reply));

function nativeMemory(reply: string): NativeMemory | null {
  const text = bounded(reply);
  const total = /^Total: reserved=(\d+)(\w*), committed=(\d+)(\w*)/m.exec(text);
  if (total === null) return null;
  const categories: NativeMemory['categories'][number][] = [];
  for (const block of text.split(/^-(?= )/m).slice(1, 200)) {
    const head = /^[ \t]*(\S.*?) \(reserved=(\d+)(\w*), committed=(\d+)(\w*)/.exec(block);
    if (head === null) continue;
    const part = (pattern: RegExp): number => [...block.matchAll(pattern)].reduce((sum, m) => sum + size(m[1]!, m[2]), 0);
    categories.push({
      name: head[1]!,
      reservedBytes: size(head[2]!, head[3]),
      committedBytes: size(head[4]!, head[5]),
      mallocBytes: part(/\(malloc=(\d+)([A-Z]*)/g),
      mmapBytes: part(/\((?:mmap|stack): reserved=\d+[A-Z]*, committed=(\d+)([A-Z]*)/g),
      arenaBytes: part(/\(arena=(\d+)([A-Z]*)/g),
      mallocs: part(/\(malloc=\d+[A-Z]* (?:(?:tag|type)=[A-Za-z ]{1,40} )?#(\d+)()/g),
    });
  }
  return {
    reservedBytes: size(total[1]!, total[2]),
    committedBytes: size(total[3]!, total[4]),
    categories,
  };
}

export interface MetaspaceSpace {
  readonly usedBytes: number;
  readonly committedBytes: number;
}
/** `VM.metaspace` (JDK 16 and newer, JEP 387): its last table, by space. `class` is null if class pointers are not compressed. */
export const parseMetaspace = (reply: string): Metaspace | null => orElse(null, () => metaspace(reply));

interface Metaspace {
  readonly nonClass: MetaspaceSpace;
  readonly class: MetaspaceSpace | null;
}

function metaspace(reply: string): Metaspace | null {
  const text = bounded(reply);
  const at = text.indexOf('Virtual space:');
  const usage = text.slice(0, at < 0 ? text.length : at);
  const committed = at < 0 ? '' : text.slice(at);
  const used = (name: string): number | null => {
    const m = /([\d.]+) (bytes|[KMG]B) \([^)]*\) used/.exec(lineOf(usage, name));
    return m === null ? null : size(m[1]!, m[2]);
  };
  const category = (name: string): number | null => {
    const m = /([\d.]+) (bytes|[KMG]B) \([^)]*\) committed/.exec(lineOf(committed, name));
    return m === null ? null : size(m[1]!, m[2]);
  };
  const space = (usedName: string, categoryName: string): MetaspaceSpace | null => {
    const [u, h] = [used(usedName), category(categoryName)];
    return u === null || h === null ? null : { usedBytes: u, committedBytes: h };
  };
  const nonClass = space('Non-Class', 'Non-class space') ?? space('Both', 'Both');
  return nonClass === null ? null : { nonClass, class: space('Class', 'Class space') };
}

/** The first line of that name; '' if there is none. Patterns are for one line, so that no text is searched again from each of its lines. */
const lineOf = (text: string, name: string): string =>
  text.split('\n').find((line) => line.trimStart().startsWith(`${name}:`)) ?? '';

/** `Compiler.codecache`: every code heap, or the only one if the cache is not segmented. */
export const parseCodeCache = (reply: string): CodeHeap[] => orElse([], () => codeCache(reply));

interface CodeHeap {
  readonly name: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly maxUsedBytes: number;
}

function codeCache(reply: string): CodeHeap[] {
  return [
    ...bounded(reply).matchAll(/^[ \t]*(Code(?:Cache|Heap '[^'\n]{1,60}')): size=(\d+)Kb used=(\d+)Kb max_used=(\d+)Kb/gm),
  ].map((m) => ({
    name: m[1]!,
    sizeBytes: size(m[2]!, 'KB'),
    usedBytes: size(m[3]!, 'KB'),
    maxUsedBytes: size(m[4]!, 'KB'),
  }));
}
