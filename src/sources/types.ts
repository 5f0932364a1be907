import type { FieldValues, SourceName } from '../fields.ts';
import type { Collector } from './jvm/collectors.ts';

/** The values that sources return. A missing value is `null`, never 0; "no limit" is `'max'`. All sizes are in bytes. */

export type Limit = number | 'max' | null;

/** The result of one source: a value; nothing, for a reason that is not a fault; or a failure that an operator can fix. */
export type Reading<T> =
  | { readonly state: 'read'; readonly value: T; readonly atMs: number }
  | { readonly state: 'absent'; readonly reason: string }
  | { readonly state: 'failed'; readonly error: string; readonly remediation: string | null };

/**
 * Something that is read at every tick. `read` never throws: an error is the state `failed`, and only the fields of this source are missing.
 * `close` closes descriptors that are kept open.
 */
export interface Source<T> {
  /** Its name in the log and in the API. */
  readonly name: SourceName;
  read(nowMs: number): Reading<T>;
  close(): void;
}

/** The folders of the kernel's trees. They are settings, so that the real program can run on a captured tree. */
export interface Roots {
  readonly proc: string; // /proc
  readonly cgroup: string; // /sys/fs/cgroup
}

export type Reach = 'shared-pid-namespace' | 'same-namespace' | 'host-mount' | 'own-cgroup' | 'explicit';

export interface CgroupRef {
  readonly version: 1 | 2;
  /** The kernel's name in /proc/PID/cgroup. It identifies the container. */
  readonly path: string;
  /** The directory that this process reads, e.g. /proc/7/root/sys/fs/cgroup/memory. */
  readonly dir: string;
}

export interface ProcessRef {
  readonly pid: number;
  /** pid in the innermost namespace (last NSpid). */
  readonly nspid: number;
  /** Clock ticks after boot, /proc/PID/stat field 22. With the pid it identifies a process. */
  readonly startTicks: number;
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The name of a target through all its restarts. If two targets of a pod have the same name, their start times distinguish them. */
export interface TargetIdentity {
  readonly kind: 'jvm' | 'process' | 'cgroup';
  /** The source of `name`: the container's name in the pod's manifest, the JVM's main class or jar, the process's name, or the cgroup's path. */
  readonly source: 'container-name' | 'main-class' | 'process-name' | 'cgroup-path';
  /** Contains only letters, digits and . _ $ - */
  readonly name: string;
  /** Main class or jar of a JVM, which tells apart the JVMs of one container; null: no JVM, or not readable. */
  readonly mainClass: string | null;
}

/** One container that can be watched. */
export interface Target {
  /** URL-safe, and different after each restart: the short container id, else a slug of the cgroup path. */
  readonly id: string;
  /** The short container id; null: no container runtime created this cgroup. */
  readonly container: string | null;
  readonly identity: TargetIdentity;
  /** The process that represents the container. Its heap and threads are read. */
  readonly process: ProcessRef | null;
  /** Other JVMs in the same cgroup. Usage includes them, but the heap's values do not. */
  readonly otherJvms: readonly { readonly pid: number; readonly name: string }[];
  readonly reach: Reach;
  readonly cgroup: CgroupRef;
  /** The evidence that it is a JVM; null: it is not. */
  readonly jvm: { readonly evidence: 'hsperfdata' | 'libjvm' | 'openj9' | 'native-image' | 'name' } | null;
}

/** One reading of a memory cgroup of either version, by field id. Values that the kernel does not report are missing. */
export interface CgroupReading {
  readonly version: 1 | 2;
  readonly values: FieldValues;
  readonly limitBytes: Limit;
  /** Files whose text is not the kernel's. Only their own values are missing. */
  readonly problems: readonly FileProblem[];
}

/** One file of a source that cannot be parsed, and why. */
export interface FileProblem {
  readonly file: string;
  readonly error: string;
}

/** A descriptor through which a process holds a file open. */
export interface OpenDescriptor {
  readonly pid: number;
  readonly fd: number;
  readonly mode: 'r' | 'w' | 'rw';
}

/** The file system of a file. Files of a tmpfs are shmem, not reclaimable page cache. */
export interface FileSystemUse {
  readonly kind: 'tmpfs' | 'disk';
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** How the resident bytes are known, or why they are not. `tmpfs`: all of the file is resident. `smaps`: as far as the JVM maps it. `recorded`: from a recording. */
export type ResidencyState =
  | { readonly state: 'known'; readonly method: 'cachestat' | 'mincore' | 'fincore' | 'tmpfs' | 'smaps' | 'recorded' }
  | { readonly state: 'unknown'; readonly reason: string };

/** A file that may be in the page cache, or several files that share a row. */
export interface FileDescription {
  /**
   * `file`: one file. `folder`: several files of a folder. Either `path` is the folder with a slash at its end; or the names differ only in a
   * number or an ending, for which `path` has a `*`. `unqueried`: files whose residency is unknown for one reason; their `path` is empty.
   */
  readonly kind: 'file' | 'folder' | 'unqueried';
  /** Number of files in the row. */
  readonly files: number;
  /** The unescaped path inside the container. Escape it before it is shown. */
  readonly path: string;
  /** The descriptors through which processes hold it open. */
  readonly openBy: readonly OpenDescriptor[];
  /** Processes that map it, if it was deleted and only its mappings tell of it. */
  readonly mappedBy?: readonly number[];
  readonly deleted: boolean;
  readonly residency: ResidencyState;
  /** When the residency was asked, epoch ms; of several files the time that is longest ago. Files that are only read are asked rarely. */
  readonly residentAtMs?: number | null;
  /** null: statfs is not permitted, or the files are on several file systems. */
  readonly fileSystem: FileSystemUse | null;
}

/** The same with its sizes at one time; sums if the row has several files. */
export interface FileObservation extends FileDescription {
  readonly sizeBytes: number | null;
  readonly residentBytes: number | null;
  /** Its allocated bytes on the file system. This and the next three are missing if a recording does not have them. */
  readonly allocatedBytes?: number | null;
  readonly mtimeMs?: number | null;
  /** Written after the container had started: this container touched its pages first, so they are charged to it. */
  readonly isOwn?: boolean;
  /** A folder with very many files: its values are estimated from some of them. */
  readonly isSampled?: boolean;
  /** The part of its bytes that this scan is the first to see, but that existed before the first scan; it is no growth. null: none. */
  readonly foundLate?: FileBytes | null;
}

export interface FileBytes {
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly residentBytes: number;
}

/** How many files of a row are open, and in which processes. */
export interface FileHolders {
  readonly openFiles: number;
  /** Open for writing. */
  readonly writtenFiles: number;
  readonly deletedFiles: number;
  readonly pids: readonly number[];
}

/** A file that may be in the page cache, found by a scan. */
export interface FileReading extends FileObservation {
  readonly allocatedBytes: number | null;
  readonly mtimeMs: number | null;
  readonly dirtyBytes: number | null;
}

export interface Aged<T> {
  readonly value: T;
  /** Time of the JVM's last update as far as it is known, epoch ms. */
  readonly atMs: number;
}

/** The JVM's own values, from hsperfdata or, if that does not exist, from its answers. */
export interface JvmReading {
  /** `attach`: times of collections are missing, and counts exist only if `fullGcCount` is known. */
  readonly source: 'hsperfdata' | 'attach';
  readonly nspid: number;
  readonly vendor: string | null;
  readonly version: string | null;
  /** null: not a collector that memhound knows. */
  readonly collector: Collector | null;
  readonly generations: readonly {
    readonly name: string;
    readonly capacityBytes: number;
    readonly maxBytes: number | null;
    readonly spaces: readonly { readonly name: string; readonly usedBytes: number; readonly capacityBytes: number }[];
  }[];
  readonly heapUsed: Aged<number>;
  readonly heapCommitted: Aged<number>;
  readonly heapMax: Limit;
  readonly oldUsed: Aged<number> | null;
  readonly metaspace: { readonly used: Aged<number>; readonly committed: number; readonly maxBytes: number | null } | null;
  readonly compressedClass: {
    readonly used: Aged<number>;
    readonly committed: number;
    /** Reserved address space. */
    readonly maxBytes: number | null;
  } | null;
  readonly classes: { readonly loaded: number; readonly unloaded: number } | null;
  readonly threads: { readonly live: number; readonly daemon: number; readonly peak: number; readonly started: number } | null;
  readonly collectors: readonly { readonly name: string; readonly count: number; readonly seconds: number }[];
  /** null: the JVM has no counter of them (ZGC of JDK 11), and was not asked. */
  readonly gcCount: number | null;
  /** If the JVM has no counter: how often its heap was seen to be updated, each time by one collection or more. Else null. */
  readonly gcUpdates: number | null;
  /** The part of `gcCount` after which the counters show the live set; null: this collector never shows it. */
  readonly fullGcCount: number | null;
  readonly gcSeconds: number;
  readonly uptimeSeconds: number | null;
  /** -XX flags and arguments that matter for memory (-Xmx, -XX:...), secrets removed. */
  readonly flags: readonly string[];
}
