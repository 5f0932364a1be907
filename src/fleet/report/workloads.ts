import type { RankedRow } from '../rank.ts';
import type { RowSummary } from '../types.ts';

/** A workload's container, and its replicas in the order of their ranks. */
export interface Workload {
  readonly name: string;
  readonly rows: readonly RankedRow[];
}

/** The name of the owner, or of the pod that has none, with its place. */
export function workloadName({ cluster, namespace, owner, pod }: RowSummary): string {
  const name = owner === null ? pod : owner.kind === null ? owner.name : `${owner.kind}/${owner.name}`;
  return [cluster, namespace, name].filter((part) => part !== '').join('/');
}

/** Rows by workload and container, in the order of the first of each. */
export function workloadsOf(rows: readonly RankedRow[]): Workload[] {
  const byName = new Map<string, RankedRow[]>();
  for (const row of rows) {
    const { summary } = row.row;
    const name = `${workloadName(summary)}, container ${summary.container}`;
    byName.set(name, [...(byName.get(name) ?? []), row]);
  }
  return [...byName].map(([name, replicas]) => ({ name, rows: replicas }));
}
