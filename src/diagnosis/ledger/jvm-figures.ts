import type { Collector } from '../../sources/jvm/collectors.ts';
import type { JcmdReport } from '../../sources/jvm/jcmd-report.ts';
import { booleanFlag, sizeInBytes } from '../../sources/jvm/jvm-flags.ts';
import type { JvmReading } from '../../sources/types.ts';
import { MIB } from '../../units.ts';
import type { AddressRange } from './address-space.ts';

/** The JVM's values for one of its spaces, in bytes. Resident memory is at least used and at most committed. */
export interface SpaceFigures {
  readonly usedBytes: number;
  readonly committedBytes: number;
  /** Its address space; null: not known. */
  readonly reservedBytes: number | null;
  /** Whether the value is current or from the last collection, after which the space may have grown. */
  readonly asOf: 'now' | 'last-collection';
}

/** The JVM's own values, for comparison with its mappings. */
export interface JvmFigures {
  readonly release: number | null;
  readonly collector: Collector | null;
  readonly heap: SpaceFigures | null;
  /** The addresses of the heap, as reported by the JVM. */
  readonly heapRange: AddressRange | null;
  /** Metaspace without the compressed class space. */
  readonly nonClass: SpaceFigures | null;
  readonly classSpace: SpaceFigures | null;
  /** Reserved bytes of code heaps. */
  readonly codeCacheBytes: number | null;
  /** The stack of concurrent marking, if it is resident from the start. */
  readonly markStackBytes: number;
}

/** From hsperfdata and, with --attach, from the JVM's answers, which are current. Pure. */
export function jvmFigures(jvm: JvmReading | null, answers: JcmdReport | null): JvmFigures {
  return {
    release: releaseOf(jvm?.version ?? null),
    collector: jvm?.collector ?? null,
    heap: heapFigures(jvm, answers),
    heapRange: answers?.heap?.range ?? null,
    nonClass: nonClassByAnswers(answers) ?? nonClassByCounters(jvm),
    classSpace: classByAnswers(jvm, answers) ?? classByCounters(jvm),
    codeCacheBytes: answers?.codeCacheBytes ?? null,
    markStackBytes: jvm === null ? 0 : pretouchedMarkStack(jvm),
  };
}

/** MarkStackSize entries of 8 bytes. Since JDK 9 G1 reserves its stack in another way, and -XX:+AlwaysPreTouch does not touch it. */
const MARK_STACK_SIZE = /^-XX:MarkStackSize=(\d+)([kmg]?)$/i;
const DEFAULT_MARK_STACK_SIZE = 4 * MIB;
const LAST_WITH_PRETOUCHED_G1_STACK = 8;

function pretouchedMarkStack({ version, collector, flags }: JvmReading): number {
  const release = releaseOf(version);
  const hasOne = collector === 'CMS' || (collector === 'G1' && release !== null && release <= LAST_WITH_PRETOUCHED_G1_STACK);
  if (!hasOne || booleanFlag(flags, 'AlwaysPreTouch') !== true) return 0;
  const given = flags.findLast((f) => f.startsWith('-XX:MarkStackSize=')) ?? '';
  const [, digits, unit = ''] = MARK_STACK_SIZE.exec(given) ?? [];
  return (digits === undefined ? DEFAULT_MARK_STACK_SIZE : sizeInBytes(digits, unit)) * 8;
}

/** "1.8.0_292" is 8, "17.0.15" 17. */
function releaseOf(version: string | null): number | null {
  const match = /^(?:1\.)?(\d+)/.exec(version ?? '');
  return match === null ? null : Number(match[1]);
}

function heapFigures(jvm: JvmReading | null, answers: JcmdReport | null): SpaceFigures | null {
  if (jvm !== null)
    return {
      usedBytes: jvm.heapUsed.value,
      committedBytes: jvm.heapCommitted.value,
      // G1 adds a few bytes to its values, so that no space is empty (pad_capacity).
      reservedBytes: wholePages(typeof jvm.heapMax === 'number' ? jvm.heapMax : jvm.heapCommitted.value),
      asOf: jvm.heapUsed.atMs < jvm.heapCommitted.atMs ? 'last-collection' : 'now',
    };
  const spaces = (answers?.heap?.areas ?? []).filter((a) => !isMetaspace(a.name) && a.committedBytes !== null);
  if (spaces.length === 0) return null;
  return {
    usedBytes: spaces.reduce((sum, a) => sum + a.usedBytes, 0),
    committedBytes: spaces.reduce((sum, a) => sum + a.committedBytes!, 0),
    reservedBytes: null,
    asOf: 'now',
  };
}

const wholePages = (bytes: number): number => bytes - (bytes % 4096);

const isMetaspace = (area: string): boolean => /metaspace|class space/i.test(area);

/** metaspace in hsperfdata includes the compressed class space (sun.gc.metaspace counts both). Collections update both. */
function nonClassByCounters(jvm: JvmReading | null): SpaceFigures | null {
  if (jvm?.metaspace == null) return null;
  const { metaspace, compressedClass } = jvm;
  return {
    usedBytes: Math.max(0, metaspace.used.value - (compressedClass?.used.value ?? 0)),
    committedBytes: Math.max(0, metaspace.committed - (compressedClass?.committed ?? 0)),
    reservedBytes: null,
    asOf: 'last-collection',
  };
}

function classByCounters(jvm: JvmReading | null): SpaceFigures | null {
  if (jvm?.compressedClass == null || jvm.compressedClass.committed === 0) return null;
  const { used, committed, maxBytes } = jvm.compressedClass;
  return { usedBytes: used.value, committedBytes: committed, reservedBytes: maxBytes, asOf: 'last-collection' };
}

/** VM.metaspace since JDK 16. Before that, GC.heap_info prints the sum of both spaces and the class space. */
function nonClassByAnswers(answers: JcmdReport | null): SpaceFigures | null {
  if (answers === null) return null;
  if (answers.metaspace !== null) return { ...answers.metaspace.nonClass, reservedBytes: null, asOf: 'now' };
  const both = answers.heap?.areas.find((a) => /^metaspace$/i.test(a.name));
  const own = answers.heap?.areas.find((a) => /^class space$/i.test(a.name));
  if (both?.committedBytes == null) return null;
  return {
    usedBytes: Math.max(0, both.usedBytes - (own?.usedBytes ?? 0)),
    committedBytes: Math.max(0, both.committedBytes - (own?.committedBytes ?? 0)),
    reservedBytes: null,
    asOf: 'now',
  };
}

function classByAnswers(jvm: JvmReading | null, answers: JcmdReport | null): SpaceFigures | null {
  const reservedBytes = jvm?.compressedClass?.maxBytes ?? null;
  if (answers?.metaspace?.class != null) return { ...answers.metaspace.class, reservedBytes, asOf: 'now' };
  const own = answers?.heap?.areas.find((a) => /^class space$/i.test(a.name));
  return own?.committedBytes == null
    ? null
    : { usedBytes: own.usedBytes, committedBytes: own.committedBytes, reservedBytes, asOf: 'now' };
}
