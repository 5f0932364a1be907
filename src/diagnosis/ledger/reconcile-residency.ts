import type { FileReading } from '../../sources/types.ts';

/** The comparison of the files' resident bytes with the cgroup's `file`. All sizes are in bytes. */
export interface ReconciledResidency {
  /** Resident bytes in named files of tmpfs (the cgroup's shmem) and of disks (the rest of its `file`). */
  readonly tmpfsBytes: number;
  readonly diskBytes: number;
  /** The part of `file` that no named file explains; null: `file` is not known. */
  readonly unattributedBytes: number | null;
  /**
   * Residency is node-wide: a page is charged to the container that touched it first, which may be another one or one that has exited. If the
   * files have more than the cgroup, each kind is scaled by these factors (1: it fits).
   */
  readonly diskScale: number;
  readonly tmpfsScale: number;
  readonly exceeds: boolean;
  /** One sentence for a person; null: the files fit. */
  readonly note: string | null;
}

/** memory.stat counts pages with a lag (charge batches), so a difference up to this size is not scaled; see the ledger's bound. */
const COUNTER_LAG = 0.02;

/** Pure. `fileBytes` is memory.stat's file (v1 total_cache), which contains `shmemBytes`. */
export function reconcileResidency(
  files: readonly Pick<FileReading, 'residentBytes' | 'fileSystem'>[],
  fileBytes: number | null,
  shmemBytes: number | null,
): ReconciledResidency {
  const sum = (kind: 'tmpfs' | 'disk') =>
    files.reduce((all, f) => all + ((f.fileSystem?.kind ?? 'disk') === kind ? (f.residentBytes ?? 0) : 0), 0);
  const [tmpfsBytes, diskBytes] = [sum('tmpfs'), sum('disk')];
  const disk = fileBytes === null ? null : Math.max(0, fileBytes - (shmemBytes ?? Math.min(tmpfsBytes, fileBytes)));
  const scale = (have: number, charged: number | null) =>
    charged === null || have <= charged * (1 + COUNTER_LAG) ? 1 : charged / have;
  const [diskScale, tmpfsScale] = [scale(diskBytes, disk), scale(tmpfsBytes, shmemBytes)];
  const exceeds = diskScale < 1 || tmpfsScale < 1;
  return {
    tmpfsBytes,
    diskBytes,
    unattributedBytes: fileBytes === null ? null : Math.max(0, fileBytes - diskBytes * diskScale - tmpfsBytes * tmpfsScale),
    diskScale,
    tmpfsScale,
    exceeds,
    note: exceeds
      ? 'The files hold more memory than the container is charged for: part of their pages was first touched by another container'
      : null,
  };
}
