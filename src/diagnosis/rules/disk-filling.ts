import { bytesText, dueText, rateText } from '../../format.ts';
import { DAY_S, HOUR_S, MIB } from '../../units.ts';
import { adviceForKind } from '../file-kinds.ts';
import { filesSubject } from '../grown-files-text.ts';
import type { DiskGrowth } from '../growth/file-growth.ts';
import type { ConditionRule } from '../rule.ts';
import { isImminent, type PodResources } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import type { FileRow, FindingLimit } from '../types.ts';

const ADVICE =
  'If the file is a log, log to stdout, lower the log level, or rotate it with a bound; else bound what is kept in it. Set limits.ephemeral-storage, so that Kubernetes evicts this pod alone and not its neighbours.';
const MANY_ADVICE =
  'Bound what these files may take: retention of the segments, rotation of the logs, or removal of files that are no longer needed. Set limits.ephemeral-storage, so that Kubernetes evicts this pod alone and not its neighbours.';
const DELETED_ADVICE =
  'Deleted files take space until the process that has them open or maps them closes them. `lsof +L1` lists those that are open, `grep deleted /proc/PID/maps` those that are mapped; `du` cannot see them. Close them, reopen the log, or restart the process.';

/** Slower growth is not reported, because 1 MiB a day does not fill the disk of any pod within a quarter. */
const MIN_BYTES_PER_HOUR = MIB / 24;
/** A forecast from minutes or days of growth is not reliable for more than a quarter. */
export const FURTHEST_SECONDS = 90 * DAY_S;

/** Files on disk grow so fast that their file system, or limits.ephemeral-storage, will be full within a quarter. */
export const diskFilling: ConditionRule = {
  id: 'disk-filling',
  find({ disks, pod, evaluation, steady, jvm, series }) {
    // One scan may miss a file, and another program may free space for a moment. The disk goes on being filled.
    const first = steady.keep('disk that fills', firstToFill(disks, pod), {
      same: (a, b) => (a === null) === (b === null),
      atOnce: (published) => published === null,
    });
    if (first === null) return null;
    const { disk, file, seconds } = first;
    const room = roomFor(disk, pod);
    const [it, fill, more] = disk.files.length > 1 ? ['they lie', 'grow', ' and other files'] : ['it lies', 'grows', ''];
    const fills = disk.files.length > 1 ? 'fill' : 'fills';
    const what =
      room.by === 'disk'
        ? `the disk ${it} on (${bytesText(room.bytes)} free)`
        : `limits.ephemeral-storage (${bytesText(room.bytes)} left)`;
    const title = sentence`${filesSubject(file)}${more} ${fill} ${rateText(disk.bytesPerHour)} and ${fills} ${what} ${dueText(seconds, seconds)}. Kubernetes then evicts the pod`;
    return {
      severity: isImminent(seconds) ? 'critical' : 'warn',
      title,
      // Files that are written past the page cache (O_DIRECT) fill a disk while no memory grows.
      ...(isImminent(seconds) && evaluation.trend === 'stable'
        ? {
            lead: sentence`${filesSubject(file)}${more} ${fills} ${what} ${dueText(seconds, seconds)}, at ${rateText(disk.bytesPerHour)}: Kubernetes then evicts the pod. In memory:`,
          }
        : {}),
      outcome: 'ends in a full disk and eviction',
      evidence: {
        path: file.path,
        files: file.files,
        deletedFiles: file.deletedFiles,
        growthBytesPerHour: disk.bytesPerHour,
        sizeBytes: file.sizeBytes,
        allocatedBytes: file.allocatedBytes,
        freeBytes: disk.fileSystem.freeBytes,
        ephemeralStorageLimitBytes: pod.ephemeralStorageLimitBytes,
        secondsToFull: Math.round(seconds),
      },
      limit: limitOf(disk, pod),
      advice:
        file.deletedFiles > 0
          ? DELETED_ADVICE
          : (adviceForKind(file, { jvm, series }) ?? (file.kind === 'file' ? ADVICE : MANY_ADVICE)),
      // Growth of files is a measured sum of writes, not a noisy level. 25 % in each direction covers a change of load.
      etas: [
        { event: 'disk-full', seconds: Math.round(seconds), low: Math.round(seconds * 0.8), high: Math.round(seconds * 1.25) },
      ],
    };
  },
};

interface Filling {
  readonly disk: DiskGrowth;
  readonly file: FileRow;
  readonly seconds: number;
}

function firstToFill(disks: readonly DiskGrowth[], pod: PodResources): Filling | null {
  let first: Filling | null = null;
  for (const disk of disks) {
    const seconds = secondsToFull(disk, pod);
    const [file] = disk.files;
    if (file !== undefined && seconds !== null && seconds < (first?.seconds ?? FURTHEST_SECONDS)) first = { disk, file, seconds };
  }
  return first;
}

/** Seconds until the files have filled their disk, or limits.ephemeral-storage if that comes first. */
export function secondsToFull(disk: DiskGrowth, pod: PodResources): number | null {
  if (disk.bytesPerHour < MIN_BYTES_PER_HOUR) return null;
  return (roomFor(disk, pod).bytes / disk.bytesPerHour) * HOUR_S;
}

function roomFor(
  { fileSystem, usedBytes }: DiskGrowth,
  pod: PodResources,
): { readonly bytes: number; readonly by: 'disk' | 'ephemeral-storage' } {
  const { freeBytes } = fileSystem;
  if (pod.ephemeralStorageLimitBytes === null) return { bytes: freeBytes, by: 'disk' };
  const left = Math.max(0, pod.ephemeralStorageLimitBytes - usedBytes);
  return left < freeBytes ? { bytes: left, by: 'ephemeral-storage' } : { bytes: freeBytes, by: 'disk' };
}

function limitOf(disk: DiskGrowth, pod: PodResources): FindingLimit {
  const { totalBytes, freeBytes } = disk.fileSystem;
  const level = 'disk-space';
  // A series file has only what is free, and no file system that files lie on is free as a whole.
  const isSized = totalBytes > freeBytes;
  return roomFor(disk, pod).by === 'disk'
    ? { kind: 'file-system', bytes: isSized ? totalBytes : null, level, levelBytes: isSized ? totalBytes - freeBytes : null }
    : { kind: 'ephemeral-storage', bytes: pod.ephemeralStorageLimitBytes, level, levelBytes: disk.usedBytes };
}
