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
  /** `instanceOf` the targets that are watched, in order of precedence: their processes go on standing for their containers while they live. */
  readonly represented: ReadonlySet<string>;
  /** Kept from search to search by one that goes on watching; without it every process is read. */
  readonly known?: ProcessCache<ObservedProcess | null>;
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
  /** Only memhound itself is in sight, or a JVM that it may not look into. */
  | { readonly state: 'no-target'; readonly reason: string; readonly remediation: string }
  /** What was asked for cannot be: exit code 2 for a bad option, 1 for a machine on which it cannot work. */
  | { readonly state: 'refused'; readonly reason: string; readonly remediation: string | null; readonly exit: 1 | 2 };
