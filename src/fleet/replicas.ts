import type { RowSummary } from './types.ts';

/** In how many replicas of a workload a container leaks as this one does. In all of them it is the code; in one it is its node or its traffic. */
export interface ReplicaSpread {
  /** Replicas with enough history. */
  readonly of: number;
  readonly leaking: number;
  readonly spread: 'in-all' | 'in-some' | 'in-one' | 'single';
}

type Row = Pick<RowSummary, 'cluster' | 'namespace' | 'pod' | 'container' | 'owner' | 'leak' | 'trend' | 'growth'>;

const workloadOf = ({ cluster, namespace, pod, container, owner }: Row): string =>
  JSON.stringify([cluster, namespace, ...(owner === null ? ['Pod', pod] : [owner.kind, owner.name]), container]);

/** The spread of each row that leaks. */
export function replicaSpreads<R extends Row>(rows: readonly R[]): Map<R, ReplicaSpread> {
  const workloads = new Map<string, R[]>();
  for (const row of rows) {
    const id = workloadOf(row);
    const known = workloads.get(id);
    if (known === undefined) workloads.set(id, [row]);
    else known.push(row);
  }
  const spreads = new Map<R, ReplicaSpread>();
  for (const replicas of workloads.values()) {
    const leaks = replicas.filter(({ leak }) => leak === true);
    if (leaks.length === 0) continue;
    const evaluated = replicas.filter(({ trend }) => trend !== 'not-enough-data');
    for (const row of leaks) {
      const leaking = evaluated.filter((other) => other === row || isSameLeak(other, row)).length;
      const spread =
        evaluated.length < 2 ? 'single' : leaking === evaluated.length ? 'in-all' : leaking === 1 ? 'in-one' : 'in-some';
      spreads.set(row, { of: evaluated.length, leaking, spread });
    }
  }
  return spreads;
}

/** Replicas with unequal traffic leak at rates of this factor, at most. */
const TRAFFIC = 8;
/** A replica of which it is not known whether it leaks must grow at nearly the rate of the one that does. */
const NEARLY = 2;

/** Whether a replica grows as one that leaks: at the same rate, as far as the intervals tell. */
function isSameLeak(other: Row, { growth }: Row): boolean {
  if (other.leak === false) return false;
  if (growth === null || other.growth === null) return other.leak === true;
  const { low, high, bytesPerHour } = other.growth;
  if (other.leak === null && (low === null || high === null || bytesPerHour < growth.bytesPerHour / (2 * NEARLY))) return false;
  const factor = other.leak === null ? NEARLY : TRAFFIC;
  return (high ?? bytesPerHour) >= growth.bytesPerHour / factor && (low ?? bytesPerHour) <= growth.bytesPerHour * factor;
}
