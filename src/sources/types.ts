import type { FieldValues } from '../fields.ts';
import type { Collector } from './jvm/collectors.ts';

/** The values that sources hand on. Absent is `null`, never 0; "no limit" is `'max'`. All sizes in bytes. */

export type Limit = number | 'max' | null;

/** What one source gave: a value; nothing, for a reason that is no fault; or a failure that an operator can fix. */
export type Reading<T> =
  | { readonly state: 'read'; readonly value: T; readonly atMs: number }
  | { readonly state: 'absent'; readonly reason: string }
  | { readonly state: 'failed'; readonly error: string; readonly remediation: string | null };

/**
 * Something that is read at every tick. `read` never throws: what goes wrong is `failed`, and costs only the fields of this source. `close`
 * lets go of what is kept open.
 */
export interface Source<T> {
  /** As the log and the API name it. */
  readonly name: 'cgroup' | 'procfs' | 'hsperfdata';
  read(nowMs: number): Reading<T>;
  close(): void;
}

/** Where the kernel's trees are. Settings, so that the real program runs on a captured tree. */
export interface Roots {
  readonly proc: string; // /proc
  readonly cgroup: string; // /sys/fs/cgroup
}

export type Reach = 'shared-pid-namespace' | 'same-namespace' | 'host-mount' | 'own-cgroup' | 'explicit';

export interface CgroupRef {
  readonly version: 1 | 2;
  /** As the kernel names it in /proc/PID/cgroup: the identity of the container. */
  readonly path: string;
  /** The directory to read, as this process can reach it, e.g. /proc/7/root/sys/fs/cgroup/memory. */
  readonly dir: string;
}

export interface ProcessRef {
  readonly pid: number;
  /** pid in the innermost namespace (last NSpid). */
  readonly nspid: number;
  /** Clock ticks after boot, /proc/PID/stat field 22: pid + this is the identity of a process. */
  readonly startTicks: number;
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The name of a target through all its restarts. Two targets of a pod may have equal ones: then the time of their start distinguishes them. */
export interface TargetIdentity {
  readonly kind: 'jvm' | 'process' | 'cgroup';
  /** Where `name` is from: the container's name in the pod's manifest, the JVM's main class or jar, the process, the cgroup's path. */
  readonly source: 'container-name' | 'main-class' | 'process-name' | 'cgroup-path';
  /** Letters, digits and . _ $ - only. */
  readonly name: string;
  /** Main class or jar of a JVM, which tells apart the JVMs of one container; null: no JVM, or not readable. */
  readonly mainClass: string | null;
}

/** One container that can be watched. */
export interface Target {
  /** URL-safe, another after each restart: the short container id, else a slug of the cgroup path. */
  readonly id: string;
  /** The short container id; null: no container runtime made this cgroup. */
  readonly container: string | null;
  readonly identity: TargetIdentity;
  /** The process that stands for the container, whose heap and threads are read. */
  readonly process: ProcessRef | null;
  /** Other JVMs in the same cgroup: usage counts them, the heap's figures do not. */
  readonly otherJvms: readonly { readonly pid: number; readonly name: string }[];
  readonly reach: Reach;
  readonly cgroup: CgroupRef;
  /** How we know that it is a JVM, or null. */
  readonly jvm: { readonly evidence: 'hsperfdata' | 'libjvm' | 'openj9' | 'native-image' | 'name' } | null;
}

/** One reading of a memory cgroup, either version, by canonical field id; keys that the kernel does not have are not there. */
export interface CgroupReading {
  readonly version: 1 | 2;
  readonly values: FieldValues;
  readonly limitBytes: Limit;
}

/** A descriptor through which a process holds a file open. */
export interface OpenDescriptor {
  readonly pid: number;
  readonly fd: number;
  readonly mode: 'r' | 'w' | 'rw';
}

/** The file system that a file fills. Files of a tmpfs are shmem, not page cache that can be reclaimed. */
export interface FileSystemUse {
  readonly kind: 'tmpfs' | 'disk';
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** How the resident bytes are known, or why they are not. `tmpfs`: all of it is resident. `recorded`: a file of series says so. */
export type ResidencyState =
  | { readonly state: 'known'; readonly method: 'cachestat' | 'mincore' | 'fincore' | 'tmpfs' | 'recorded' }
  | { readonly state: 'unknown'; readonly reason: string };

/** What is known of a file behind the page cache, or of several that share a row. */
export interface FileDescription {
  /**
   * `file`: one file. `folder`: several files of a folder, which is `path` with a slash at its end, or those whose names differ in a number or
   * an ending alone, which `path` has as a `*`. `unqueried`: files whose residency is unknown for one reason; their `path` is empty.
   */
  readonly kind: 'file' | 'folder' | 'unqueried';
  /** How many files the row stands for. */
  readonly files: number;
  /** As the container sees it, raw: escape it where it is shown. */
  readonly path: string;
  /** Who holds it open. */
  readonly openBy: readonly OpenDescriptor[];
  readonly deleted: boolean;
  readonly residency: ResidencyState;
  /** null where statfs is not allowed, or where the files are on several. */
  readonly fileSystem: FileSystemUse | null;
}

/** The same with its sizes at one moment; sums where the row stands for several files. */
export interface FileObservation extends FileDescription {
  readonly sizeBytes: number | null;
  readonly residentBytes: number | null;
  /** What it takes on its file system. Left out, as what follows, where a recording does not have it. */
  readonly allocatedBytes?: number | null;
  readonly mtimeMs?: number | null;
  /** Written since the container began: this container touched its pages first, so they are charged to it. */
  readonly isOwn?: boolean;
  /** Of its bytes, what this scan is the first to see though it was there before the first scan: no growth. null: none. */
  readonly foundLate?: FileBytes | null;
}

export interface FileBytes {
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly residentBytes: number;
}

/** How many files of a row are held open, and by whom. */
export interface FileHolders {
  readonly openFiles: number;
  /** Open for writing. */
  readonly writtenFiles: number;
  readonly deletedFiles: number;
  readonly pids: readonly number[];
}

/** A file that may be behind the page cache, as a scan found it. */
export interface FileReading extends FileObservation {
  readonly allocatedBytes: number | null;
  readonly mtimeMs: number | null;
  readonly dirtyBytes: number | null;
}

export interface Aged<T> {
  readonly value: T;
  /** When the JVM last updated it, as far as that is known; epoch ms. */
  readonly atMs: number;
}

/** The JVM's own figures, from hsperfdata or, where that is not there, from its answers. */
export interface JvmReading {
  /** `attach`: there are no times of collections, and their counts only where `fullGcCount` is known. */
  readonly source: 'hsperfdata' | 'attach';
  readonly nspid: number;
  readonly vendor: string | null;
  readonly version: string | null;
  /** null: none that memhound knows. */
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
    /** Address space that is reserved for it. */
    readonly maxBytes: number | null;
  } | null;
  readonly classes: { readonly loaded: number; readonly unloaded: number } | null;
  readonly threads: { readonly live: number; readonly daemon: number; readonly peak: number; readonly started: number } | null;
  readonly collectors: readonly { readonly name: string; readonly count: number; readonly seconds: number }[];
  readonly gcCount: number;
  /** Of these, those after which the heap's figures show what they left; null: the collector never shows that. */
  readonly fullGcCount: number | null;
  readonly gcSeconds: number;
  readonly uptimeSeconds: number | null;
  /** -XX flags and arguments that matter for memory (-Xmx, -XX:...), secrets removed. */
  readonly flags: readonly string[];
}
