import type { Retention } from './retention.ts';

/** Causes whose culprit a JVM can be asked for. */
export const CULPRIT_CAUSES = ['heap', 'threads'] as const;
export type CulpritCause = (typeof CULPRIT_CAUSES)[number];

/** What one group (a class, a pool of threads) had at both readings. Bytes for the heap, threads for threads. */
export interface GroupGrowth {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Of everything that grew. Groups that shrank do not count. */
  readonly share: number;
}

/** Where most threads of a group stand: of each stack the first frame counts that is not the JDK's, or else its top. */
export interface CommonFrame {
  readonly frame: string;
  readonly threads: number;
}

export type Culprit =
  | {
      readonly state: 'named';
      readonly cause: CulpritCause;
      readonly culprit: GroupGrowth;
      /** null: heap, or threads without Java frames. */
      readonly stand: CommonFrame | null;
      /** Of a heap: what keeps the objects, and who allocated them. null: nothing was recorded. */
      readonly retention: Retention | null;
      readonly grown: readonly GroupGrowth[];
    }
  | {
      readonly state: 'unknown';
      readonly cause: CulpritCause;
      readonly because: 'not-understood' | 'no-growth' | 'no-group-has-half' | 'over-budget' | 'cancelled';
      readonly grown: readonly GroupGrowth[];
    }
  | { readonly state: 'failed'; readonly cause: CulpritCause; readonly error: string; readonly remediation: string | null };
