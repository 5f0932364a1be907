import { parseHistogram } from '../sources/jvm/class-histogram.ts';
import { plainClassName } from '../sources/jvm/class-name.ts';
import { parseClassloaderStats } from '../sources/jvm/classloader-stats.ts';
import { parseNativeMemory } from '../sources/jvm/jcmd-output.ts';
import { KIB, MIB } from '../units.ts';
import { type DescriptorGroup, folderGroups, parseDescriptors } from './descriptor-groups.ts';
import { isOfJdk } from './frames.ts';
import type { GrownGroup } from './grown-groups.ts';
import { isSteady } from './steady-growth.ts';
import { parseThreadDump, threadsByStack } from './thread-dump.ts';
import type { CommonFrame, Counts, CulpritCause, LookCause, RecordedCause } from './types.ts';
import { RECORDED_CAUSES } from './types.ts';

/** What is counted at one look: a class, a pool of threads, the loaders of a class, a category of native memory, files of one name. */
export interface Group {
  readonly name: string;
  /** In the unit of the cause: bytes, threads or descriptors. */
  readonly size: number;
  readonly counts: Counts;
  /** Where most of a pool's threads stand; null: no threads, or none with a stack. */
  readonly stand: CommonFrame | null;
  /** The class of the parent that most loaders have; null: no loaders, or it is not known. */
  readonly parent: string | null;
}

/** What a JVM is asked several times for a cause, or the kernel about it. A new cause is a row here. */
export interface Question {
  /** A command of jcmd; of descriptors what is read instead. */
  readonly command: string;
  /** More looks tell better what breathes from what grows. Each look has its price. At least 2. */
  readonly looks: number;
  /**
   * Commands before the first look and before the last. The first of them collects: what waits for a collection looks like a leak, such as
   * dropped loaders and buffers.
   */
  readonly before: readonly string[];
  /** The price for the JVM, in words. */
  readonly cost: string;
  readonly groups: (answer: string) => readonly Group[];
  /** Groups by something else that many may have in common, where no group of the first kind explains the growth; null: there are none. */
  readonly wider: ((answer: string) => readonly Group[]) | null;
  /** Why an answer without groups has none, where that is known. */
  readonly refusal: ((answer: string) => { readonly error: string; readonly remediation: string | null } | null) | null;
  /** The whole must grow by this much: less is noise of a running program, which loads classes and starts a few threads. */
  readonly leastGrowth: number;
  /** Whether a group grew as a program does that starts or warms up, or is the collector's own. Such growth does not count. `sizes`: at each look. */
  readonly isWarmUp: (grown: GrownGroup<Group>, sizes: () => readonly number[]) => boolean;
  readonly unit: 'bytes' | 'threads' | 'descriptors';
}

const never = (): boolean => false;
/** What JDK 19 and newer fill a gap with that a collection leaves. It is no object of the program. */
const FILLER = /^\[?L?jdk\.internal\.vm\.Filler/;
/** Older JDKs fill gaps with int[], large or small, which come and go from one collection to the next. */
const isFiller: Question['isWarmUp'] = ({ name }, sizes) => name === 'int[]' && !isSteady(sizes());
/** Tomcat 11 loads 0.4 MiB of classes in the twenty seconds after its first page. */
const WARM_UP = MIB;
const isOfLoadersOfJdk = (name: string): boolean => name === '<boot class loader>' || isOfJdk(name);

const ALONE = { stand: null, parent: null } as const;

const asGroup = ({ name, open, closed }: DescriptorGroup): Group => ({ ...ALONE, name, size: open, counts: { closed } });

/** Turns on native memory tracking, at the start of the JVM alone. */
const TRACKING_OPTION = '-XX:NativeMemoryTracking=summary';

export const QUESTIONS: Readonly<Record<LookCause, Question>> = {
  heap: {
    command: 'GC.class_histogram',
    looks: 5,
    before: [], // the command collects
    cost: 'five full collections (GC.class_histogram), each a pause of the JVM',
    groups: (answer) =>
      parseHistogram(answer)
        .filter(({ name }) => !FILLER.test(name))
        .map(({ name, bytes, instances }) => ({ name: plainClassName(name), size: bytes, counts: { instances }, ...ALONE })),
    wider: null,
    refusal: null,
    leastGrowth: MIB,
    isWarmUp: isFiller,
    unit: 'bytes',
  },
  threads: {
    command: 'Thread.print',
    looks: 7,
    before: [],
    cost: 'seven thread dumps (Thread.print), each a short pause of the JVM',
    groups: (answer) =>
      parseThreadDump(answer).map(({ name, threads, stand }) => ({ ...ALONE, name, size: threads, counts: {}, stand })),
    wider: (answer) =>
      threadsByStack(answer).map(({ name, threads, names, stand }) => ({
        ...ALONE,
        name,
        size: threads,
        counts: { names },
        stand,
      })),
    refusal: null,
    leastGrowth: 5,
    isWarmUp: never,
    unit: 'threads',
  },
  metaspace: {
    command: 'VM.classloader_stats',
    looks: 7,
    // DisableExplicitGC, which servers are given, makes nothing of GC.run. The histogram collects all the same.
    before: ['GC.class_histogram', 'Thread.print'],
    cost: 'two full collections (GC.class_histogram) and two thread dumps (Thread.print), each a pause of the JVM, and seven lists of the class loaders (VM.classloader_stats), each a short pause',
    groups: (answer) =>
      parseClassloaderStats(answer).map(({ name, hidden, loaders, classes, bytes, parent }) => ({
        ...ALONE,
        name: hidden ? `hidden classes of ${name}` : name,
        size: bytes,
        counts: hidden ? { classes } : { loaders, classes },
        parent,
      })),
    wider: null,
    refusal: null,
    leastGrowth: 32 * KIB, // four loaders of a few classes
    // Loaders that became more are kept. One that only got classes may be that of a program which warms up, and the JDK's become more then, too.
    isWarmUp: ({ name, before, after, grew }) =>
      grew < WARM_UP && (isOfLoadersOfJdk(name) || (after.counts.loaders ?? 0) <= (before?.counts.loaders ?? 0)),
    unit: 'bytes',
  },
  native: {
    command: 'VM.native_memory summary',
    looks: 7,
    // Unlike GC.run it collects with DisableExplicitGC, too, and counts the buffers of java.nio.
    before: ['GC.class_histogram'],
    cost: 'two full collections (GC.class_histogram), each a pause of the JVM, and seven times a report of native memory tracking (VM.native_memory), which does not pause it, and its mappings (smaps), for which its mmap calls wait some ms',
    groups: (answer) =>
      (parseNativeMemory(answer)?.categories ?? [])
        .filter(({ name }) => name !== 'Java Heap') // the cause heap
        .map(({ name, committedBytes, mallocs }) => ({
          ...ALONE,
          name: NATIVE_NAMES[name] ?? name,
          size: committedBytes,
          counts: { blocks: mallocs },
        })),
    wider: null,
    refusal: (answer) =>
      /not enabled/i.test(answer.slice(0, KIB))
        ? {
            error: 'native memory tracking is off in this JVM, so it does not know what its native memory is for',
            remediation: TRACKING_OPTION,
          }
        : null,
    leastGrowth: MIB,
    isWarmUp: never,
    unit: 'bytes',
  },
  descriptors: {
    command: '/proc/PID/fd',
    looks: 7,
    before: [],
    cost: 'seven readings of its list of descriptors (/proc/PID/fd), which the JVM does not notice',
    groups: (answer) => parseDescriptors(answer).map(asGroup),
    wider: (answer) => folderGroups(answer).map(asGroup),
    refusal: null,
    leastGrowth: 5,
    isWarmUp: never,
    unit: 'descriptors',
  },
};

export const isRecorded = (cause: CulpritCause): cause is RecordedCause => RECORDED_CAUSES.some((one) => one === cause);

/** Looks at the JVM; a recording is one. */
export const looksOf = (cause: CulpritCause): number => (isRecorded(cause) ? 1 : QUESTIONS[cause].looks);

/** What the experiment of --release costs besides, and does; null: the cause has none. */
export const releaseCostOf = (cause: CulpritCause): string | null =>
  cause === 'native'
    ? 'after the last look a walk of malloc through its arenas (System.trim_native_heap), during which threads that call malloc may wait'
    : null;

/** The price for the JVM, in words. `mayRecord`: the flight recorder may run during the looks at a heap. */
export function costOf(cause: CulpritCause, mayRecord: boolean): string {
  if (isRecorded(cause))
    return `a recording of the flight recorder, which keeps the stack of ${RECORDED_WORDS[cause]}, with a file of at most 16 MiB in its /tmp`;
  if (cause === 'descriptors' && mayRecord)
    return `${QUESTIONS.descriptors.cost}; and a recording of the flight recorder, which keeps the stack of each read and write of a file or socket, with a file of at most 16 MiB in its /tmp`;
  if (cause === 'native' && mayRecord)
    return `${QUESTIONS.native.cost}; and, on JDK 15 and newer, a recording of the flight recorder, which counts the direct buffers`;
  return (cause === 'heap' || cause === 'metaspace') && mayRecord
    ? `${QUESTIONS[cause].cost}; a recording of the flight recorder, with a file of at most 32 MiB in its /tmp; and a walk of the heap at the end`
    : QUESTIONS[cause].cost;
}

const RECORDED_WORDS: Readonly<Record<RecordedCause, string>> = {
  'page-cache': 'each write to a file',
  sock: 'each read and write of a socket',
  process: 'each start of a program',
};

/** What the categories hold whose names do not tell it. */
const NATIVE_NAMES: Readonly<Record<string, string>> = {
  Other: 'direct buffers and Unsafe memory (Other)',
  // JDK 8 counts direct buffers there, too.
  Internal: 'Internal (on JDK 8 with direct buffers and Unsafe memory)',
};
