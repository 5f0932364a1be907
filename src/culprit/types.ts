import type { Released, ReleasedMemory } from '../sources/jvm/release-memory.ts';
import type { ProcessRef, Reading, Roots } from '../sources/types.ts';
import type { CodePlace } from './code-place.ts';
import type { Retention } from './retention.ts';

/** Causes whose culprit shows from one look at the JVM to the next. */
export const LOOK_CAUSES = ['heap', 'threads', 'metaspace', 'native', 'descriptors'] as const;
export type LookCause = (typeof LOOK_CAUSES)[number];
/** Causes whose culprit shows in what Java code does while it is recorded. */
export const RECORDED_CAUSES = ['page-cache', 'sock', 'process'] as const;
export type RecordedCause = (typeof RECORDED_CAUSES)[number];
/** Causes whose culprit a JVM can be asked for. */
export const CULPRIT_CAUSES = [...LOOK_CAUSES, ...RECORDED_CAUSES] as const;
export type CulpritCause = LookCause | RecordedCause;

export interface CulpritQuestion {
  readonly roots: Roots;
  readonly process: ProcessRef;
  readonly cause: CulpritCause;
  /** From the first look to the last. */
  readonly forMs: number;
  /** Whether a recording of the JVM's flight recorder runs from just before the first look at a heap to the last. */
  readonly mayRecord: boolean;
  /** Whether malloc is trimmed after the last look at native memory, and it is measured what that and the collection before gave back. */
  readonly release: boolean;
  /** Reads the mappings of the JVM by kind, for native memory. */
  readonly readNative: () => Promise<Reading<NativeMappings>>;
  /** Ends the wait between the looks. A command that was sent is waited for, because the JVM cannot stop it. */
  readonly signal: AbortSignal;
  /** Called after each look with the number of those that are done. */
  readonly onLook: (done: number) => void;
}

/** What is counted in a group beside its size. */
export const COUNTED = ['loaders', 'classes', 'instances', 'blocks', 'buffers', 'names', 'closed'] as const;
export type Counted = (typeof COUNTED)[number];
export type Counts = Readonly<Partial<Record<Counted, number>>>;

/** What one group (a class, a pool of threads, the loaders of a class, a category of native memory, files of one name) had at the looks. Threads and descriptors are counted, else bytes. */
export interface GroupGrowth {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Of everything that grew. Groups that shrank do not count. */
  readonly share: number;
  /** Its size at each look, from the first to the last. */
  readonly sizes: readonly number[];
  /** How many more there are than at the first look: objects of a class, loaders and their classes, blocks of malloc; names of threads with one stack; connections that the other side has closed. */
  readonly more: Counts;
}

/** Where most threads of a group stand: of each stack the first frame counts that is not the JDK's, or else its top. */
export interface CommonFrame {
  readonly frame: string;
  readonly threads: number;
  /** The whole stack of one of them, from the top. */
  readonly stack: readonly string[];
}

/** Anonymous memory of one kind outside the heap, as the mappings show it: arenas of malloc, stacks, code. */
export interface NativeKind {
  readonly name: string;
  /** Resident and in swap. */
  readonly bytes: number;
  /** Whether malloc has it, and so the direct buffers are in it. */
  readonly isMalloc: boolean;
}

export interface NativeMappings {
  readonly kinds: readonly NativeKind[];
  /** Lengths of the mapped files that are neither libraries nor archives of classes. */
  readonly mappedFileBytes: number;
}

export interface Change {
  readonly before: number;
  readonly after: number;
}

export interface KindGrowth extends Change {
  readonly name: string;
}

export interface PoolGrowth {
  /** Buffers that have memory of their own. */
  readonly count: Change;
  /** null: not known. */
  readonly bytes: Change | null;
}

/** The buffers of java.nio outside the heap. */
export interface BufferPools {
  /** Its bytes are known since JDK 15, from a recording. */
  readonly direct: PoolGrowth;
  /** Its bytes are the lengths of all mapped files that are neither libraries nor archives of classes; null: the mappings cannot be read. */
  readonly mapped: PoolGrowth;
}

/** What is told of native memory beside the groups that grew. */
export interface NativeEvidence {
  /** What the groups come from: native memory tracking of the JVM, or its mappings and the pool of direct buffers. */
  readonly by: 'tracking' | 'mappings';
  /** By kind of mapping, the largest growth first, the heap left out; null: the mappings cannot be read. */
  readonly kinds: readonly KindGrowth[] | null;
  readonly pools: BufferPools;
  /** The option of the JVM that turns on native memory tracking, which tells more; null: it is on. */
  readonly remediation: string | null;
  /** Memory outside the heap at the last look, with what the collections of the first look and of it gave back; without; and after malloc was trimmed; null: that was not asked for. */
  readonly released: Reading<ReleasedMemory & { readonly by: Released | null }> | null;
}

/** What became more together with class loaders, and so may keep them. */
export interface LoaderKeepers {
  /** Classes of which at least half of the loaders that came have live objects; at most three. They tell which application it is. */
  readonly classes: readonly string[];
  /** Threads that stand in code that is not the JDK's. null: none became more. */
  readonly threads: { readonly name: string; readonly more: number; readonly frame: string } | null;
  /** Whether drivers did that are registered in java.sql.DriverManager. */
  readonly drivers: boolean;
  /** Whether values of ThreadLocals did, and threads did not. */
  readonly threadLocals: boolean;
  /** Whether MBeans did. */
  readonly mbeans: boolean;
}

/** Where most reads and writes of something that is open came from, of so many. */
export type UsedBy = CodePlace & { readonly share: number; readonly events: number };

/** What the JDK keeps until it is taken out. */
export type Registry = 'drivers' | 'threadLocals' | 'mbeans';

/** One file, folder, connection or program, and what Java code did with it while it was recorded. */
export interface RecordedGroup {
  /** A path; "HOST:PORT"; a program. */
  readonly name: string;
  /** Bytes written, or read and written; of a program, how often it was started. */
  readonly amount: number;
  readonly events: number;
  /** Of the amount of all. */
  readonly share: number;
  /** Where at least half of its amount came from; null: no place has half. */
  readonly from: (CodePlace & { readonly share: number }) | null;
  /** The thread, with N for each number, in which at least half of its amount was caused; null: none has half, or has a name. */
  readonly thread: { readonly name: string; readonly share: number } | null;
}

/** What was recorded. `culprit`: null if nothing has half of the amount, nothing was recorded at all, or more was written than was recorded. */
export interface Recorded {
  readonly state: 'recorded';
  readonly cause: RecordedCause;
  readonly seconds: number;
  readonly total: number;
  /** Bytes that the process wrote to files and no event tells of, at least: by transferTo, a mapping, native code. null: not known, or not of this cause. */
  readonly unseen: number | null;
  readonly culprit: RecordedGroup | null;
  readonly groups: readonly RecordedGroup[];
}

export type Unknown =
  | 'no-such-event'
  | 'not-understood'
  | 'no-growth'
  | 'no-group-has-half'
  | 'not-steady'
  | 'over-budget'
  | 'cancelled';

export type Culprit =
  | Recorded
  | {
      readonly state: 'named';
      readonly cause: LookCause;
      readonly culprit: GroupGrowth;
      /** null: no threads, or none with Java frames. */
      readonly stand: CommonFrame | null;
      /** Of class loaders: the class of the parent that most have. null: no loaders, or it is not known. */
      readonly parent: string | null;
      /** null: no loaders became more. */
      readonly keepers: LoaderKeepers | null;
      /** Of a heap: what keeps the objects, and who allocated them. Of loaders: what keeps what they loaded. null: nothing was recorded. */
      readonly retention: Retention | null;
      /** null: it is no native memory. */
      readonly native: NativeEvidence | null;
      /** Of descriptors: the line that most reads and writes of them come from; null: no line has half of them, or nothing was recorded. */
      readonly usedBy: UsedBy | null;
      readonly grown: readonly GroupGrowth[];
    }
  | {
      readonly state: 'unknown';
      readonly cause: CulpritCause;
      readonly because: Unknown;
      /** null: it is no native memory, or was not looked at until the end. */
      readonly native: NativeEvidence | null;
      readonly grown: readonly GroupGrowth[];
    }
  | { readonly state: 'failed'; readonly cause: CulpritCause; readonly error: string; readonly remediation: string | null };

/** The questions of one container's JVM about a culprit: at most one runs, and the last answer is kept. Times are ISO 8601. */
export type CulpritRun =
  | { readonly state: 'none' }
  | {
      readonly state: 'running';
      readonly cause: CulpritCause;
      readonly since: string;
      readonly forSeconds: number;
      readonly looks: number;
      readonly looksDone: number;
      /** It was cancelled, and ends when the JVM has answered the command that was sent. */
      readonly cancelled: boolean;
    }
  | {
      readonly state: 'done';
      readonly cause: CulpritCause;
      readonly since: string;
      readonly until: string;
      readonly forSeconds: number;
      readonly culprit: Culprit;
      /** The same for people: the first line is the sentence, the others are what else grew. */
      readonly text: readonly string[];
    };
