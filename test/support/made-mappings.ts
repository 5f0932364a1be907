import type { AnonPart } from '../../src/diagnosis/ledger/anon-kinds.ts';
import type { AnonSplit } from '../../src/diagnosis/ledger/anon-split.ts';
import type { JvmFigures, SpaceFigures } from '../../src/diagnosis/ledger/jvm-figures.ts';
import type { Mapping } from '../../src/sources/mappings/smaps-format.ts';

/** A private, writable mapping without a name and without a resident page, but for what is given. */
export const mapping = (start: number, end: number, given: Partial<Mapping> = {}): Mapping => ({
  start,
  end,
  perms: 'rw-p',
  inode: 0,
  path: '',
  rssBytes: given.anonBytes ?? 0,
  pssBytes: given.anonBytes ?? 0,
  anonBytes: 0,
  swapBytes: 0,
  ...given,
});

export const reserve = (start: number, end: number, given: Partial<Mapping> = {}): Mapping =>
  mapping(start, end, { perms: '---p', ...given });

/** What a JVM says that says nothing, but for what is given. */
export const jvmFigures = (given: Partial<JvmFigures> = {}): JvmFigures => ({
  release: null,
  collector: null,
  heap: null,
  heapRange: null,
  nonClass: null,
  classSpace: null,
  codeCacheBytes: null,
  markStackBytes: 0,
  ...given,
});

export const space = (usedBytes: number, committedBytes: number, given: Partial<SpaceFigures> = {}): SpaceFigures => ({
  usedBytes,
  committedBytes,
  reservedBytes: null,
  asOf: 'now',
  ...given,
});

/** Anonymous memory that is divided into these parts and nothing else, but for what is given. */
export const anonSplit = (parts: readonly AnonPart[], given: Partial<AnonSplit> = {}): AnonSplit => ({
  anonBytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  parts,
  swapped: new Map(),
  sharedHeap: null,
  mappedFiles: { bytes: 0, libraries: 0, jars: 0, other: 0 },
  heap: null,
  heapInHugePages: false,
  heapInFile: false,
  ...given,
});
