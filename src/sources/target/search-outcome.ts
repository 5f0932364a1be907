import type { Located } from '../cgroup/locate-cgroup.ts';
import type { ProcessCache } from '../process/known-processes.ts';
import type { Roots, Target } from '../types.ts';
import type { ObservedProcess } from './observed-processes.ts';

export interface SearchOptions {
  readonly roots: Roots;
  readonly pid: number | null;
  readonly cgroupDir: string | null;
  readonly podUid: string | null;
  readonly target: string | null;
  readonly own: boolean;
  readonly selfPid: number;
  /** `instanceOf` of the watched targets, in order of precedence. Their processes represent their containers as long as they run. */
  readonly represented: ReadonlySet<string>;
  /** A cache for repeated searches; without it every process is read. */
  readonly known?: ProcessCache<ObservedProcess | null>;
  /** Where the groups of known processes are: for as long as `known` has a process, its group is not located again. */
  readonly groups?: WeakMap<ObservedProcess, Located>;
}

export interface Found {
  readonly state: 'found';
  readonly targets: readonly Target[];
  readonly chosen: Target;
  readonly notes: readonly string[];
}

/** `skipped`: processes for which a search had no time. */
export type TargetSearch = (Found & { readonly skipped: number }) | NotFound;

export type NotFound =
  /** memhound sees only itself, or a JVM that it is not permitted to read. */
  | { readonly state: 'no-target'; readonly reason: string; readonly remediation: string }
  /** The request cannot be fulfilled: exit code 2 for a bad option, 1 for a machine on which it cannot work. */
  | { readonly state: 'refused'; readonly reason: string; readonly remediation: string | null; readonly exit: 1 | 2 };
