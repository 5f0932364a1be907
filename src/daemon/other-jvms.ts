import { FILLING_HEAP } from '../diagnosis/heap-that-fills.ts';
import type { OtherJvm } from '../diagnosis/rule-context.ts';
import type { Verdict } from '../diagnosis/types.ts';
import type { Tick } from '../sample/sampler.ts';
import type { Target } from '../sources/types.ts';
import type { CauseShare } from '../trends/types.ts';

interface Watched {
  readonly tick: Tick | null;
  readonly target: Target;
  readonly alive: boolean;
  readonly verdict: Verdict | null;
}

/** The other JVMs in the cgroup of one, with what their own verdicts say of their heaps. */
export function otherJvmsOf({ target: own }: Watched, all: Iterable<Watched>): OtherJvm[] {
  const names = new Map(own.otherJvms.map(({ pid, name }) => [pid, name]));
  return [...all].flatMap(({ target: { id, cgroup, process, jvm }, alive, verdict, tick }): OtherJvm[] => {
    if (!alive || jvm === null || process === null || cgroup.path !== own.cgroup.path || process.pid === own.process?.pid)
      return [];
    return [
      {
        pid: process.pid,
        name: names.get(process.pid) ?? process.name,
        heapRises: heapRisesIn(verdict),
        heap: heapLeakIn(verdict),
        heapPlan: heapPlanIn(tick),
        address: `/api/v1/verdict?target=${encodeURIComponent(id)}`,
      },
    ];
  });
}

function heapRisesIn(verdict: Verdict | null): boolean | null {
  const trend = verdict?.fields.heap_used?.trend ?? 'not-enough-data';
  if (trend === 'not-enough-data') return null;
  const isFloor = ({ cause, what }: CauseShare): boolean => cause === 'heap' && what !== FILLING_HEAP;
  return trend === 'growing' || verdict?.causes.some(isFloor) === true;
}

function heapLeakIn(verdict: Verdict | null): OtherJvm['heap'] {
  const first = verdict?.causes[0];
  if (verdict === null || first?.cause !== 'heap') return null;
  const { leak, confidence, etas } = verdict;
  return { leak, confidence, etas, bytesPerHour: first.bytesPerHour };
}

function heapPlanIn(tick: Tick | null): OtherJvm['heapPlan'] {
  const { heapMaxBytes: maxBytes = null, values: { heap_committed: committedBytes = null } = {} } = tick?.sample ?? {};
  return typeof maxBytes === 'number' && committedBytes !== null ? { maxBytes, committedBytes } : null;
}
