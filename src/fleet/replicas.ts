import type { RowSummary } from './types.ts';

/** In how many replicas of a workload a container leaks. In all of them it is the code; in one it is its node or its traffic. */
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
    const leaking = evaluated.filter((row) => row.leak === true || agrees(row, leaks)).length;
    const spread =
      evaluated.length < 2 ? 'single' : leaking === evaluated.length ? 'in-all' : leaking === 1 ? 'in-one' : 'in-some';
    for (const row of leaks) spreads.set(row, { of: evaluated.length, leaking, spread });
  }
  return spreads;
}

/** Whether a replica whose own leak is not known grows at a rate that the others have, too. */
function agrees({ leak, growth }: Row, leaks: readonly Row[]): boolean {
  if (leak === false || growth === null || growth.low === null || growth.high === null) return false;
  const rates = leaks.flatMap(({ growth: other }) => (other === null ? [] : [other.bytesPerHour])).sort((a, b) => a - b);
  const usual = rates[rates.length >> 1];
  return usual !== undefined && growth.high >= usual / 2 && growth.low <= usual * 2 && growth.bytesPerHour > usual / 4;
}
