import type { Mappings } from '../diagnosis/ledger/anon-part.ts';
import { buildLedger } from '../diagnosis/ledger/ledger.ts';
import { toolViews } from '../diagnosis/tool-views.ts';
import type { Ledger, View } from '../diagnosis/types.ts';
import type { Tick } from '../sample/sampler.ts';
import { jvmNames } from '../sources/jvm/main-class.ts';
import { otherProcesses, type ProcessesByName } from '../sources/process/other-processes.ts';
import { onlineCpus } from '../sources/process/procfs.ts';
import type { FileReading, Roots, Target } from '../sources/types.ts';

/** A tick whose cgroup was read. */
export type ReadTick = Tick & { readonly cgroup: Extract<Tick['cgroup'], { state: 'read' }> };

export const isRead = (tick: Tick): tick is ReadTick => tick.cgroup.state === 'read';

/** The input of a ledger in addition to the tick. */
export interface LedgerContext {
  readonly files: readonly FileReading[];
  readonly namedFiles: readonly string[];
  readonly mappings: Mappings | null;
  readonly cpusOnline: number;
  /** The other processes of the container. */
  readonly others: readonly ProcessesByName[];
}

/** Builds the ledger from readings, for `watch`, `explain` and the tests. */
export function ledgerOf(tick: ReadTick, context: LedgerContext): Ledger {
  return buildLedger({
    atMs: tick.sample.atMs,
    version: tick.cgroup.value.version,
    values: tick.cgroup.value.values,
    limitBytes: tick.sample.limitBytes,
    jvm: tick.jvm.state === 'read' ? tick.jvm.value : null,
    ...context,
  });
}

export const viewsOf = ({ cgroup, sample, jvm }: ReadTick): readonly View[] =>
  toolViews(cgroup.value.values, cgroup.value.version, sample.values.rss ?? null, jvm.state === 'read' ? jvm.value : null);

/** The processes of the container other than its JVM. */
const readOthers = (roots: Roots, target: Target, pids: readonly number[]): ProcessesByName[] =>
  otherProcesses(roots.proc, pids, target.jvm === null ? null : (target.process?.pid ?? null), jvmNames(roots.proc, target));

/** Reads the node's CPUs and the container's other processes for a ledger. */
export const readLedgerContext = (
  roots: Roots,
  target: Target,
  pids: readonly number[],
): Pick<LedgerContext, 'cpusOnline' | 'others'> => ({
  cpusOnline: onlineCpus(roots.proc),
  others: readOthers(roots, target, pids),
});
