import type { OtherJvm } from '../diagnosis/rule-context.ts';
import type { Verdict } from '../diagnosis/types.ts';
import type { Target } from '../sources/types.ts';

interface Watched {
  readonly target: Target;
  readonly alive: boolean;
  readonly verdict: Verdict | null;
}

/** The other JVMs in the cgroup of one, with what their own verdicts say of their heaps. */
export function otherJvmsOf({ target: own }: Watched, all: Iterable<Watched>): OtherJvm[] {
  return [...all].flatMap(({ target: { id, cgroup, process, jvm }, alive, verdict }): OtherJvm[] =>
    alive && jvm !== null && process !== null && cgroup.path === own.cgroup.path && process.pid !== own.process?.pid
      ? [
          {
            pid: process.pid,
            heapRises: heapRisesIn(verdict),
            heap: verdict?.cause === 'heap' ? verdict : null,
            address: `/api/v1/verdict?target=${encodeURIComponent(id)}`,
          },
        ]
      : [],
  );
}

function heapRisesIn(verdict: Verdict | null): boolean | null {
  const trend = verdict?.fields.heap_used?.trend ?? 'not-enough-data';
  if (trend === 'not-enough-data') return null;
  return trend === 'growing' || verdict?.causes.some(({ cause }) => cause === 'heap') === true;
}
