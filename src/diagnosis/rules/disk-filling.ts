import { bytesText, durationText, rateText } from '../../format.ts';
import { DAY_S, HOUR_S, MIB } from '../../units.ts';
import type { ConditionRule } from '../rule.ts';
import { isImminent, type PodResources } from '../rule-context.ts';
import { filePart, sentence } from '../sentence.ts';
import type { FileRow } from '../types.ts';

const ADVICE =
  'Log to stdout, lower the log level, or rotate the file with a bound. Set limits.ephemeral-storage, so that Kubernetes evicts this pod alone and not its neighbours.';

/** Slower growth is not worth a line: 1 MiB a day fills no disk that a pod gets within a quarter. */
const MIN_BYTES_PER_HOUR = MIB / 24;
/** A forecast from minutes or days of growth says nothing about what lies further off than a quarter. */
export const FURTHEST_SECONDS = 90 * DAY_S;

/** A file on disk grows so fast that its file system, or limits.ephemeral-storage, is full within a quarter. */
export const diskFilling: ConditionRule = {
  id: 'disk-filling',
  find({ files, pod }) {
    const first = firstToFill(files, pod);
    if (first === null) return null;
    const { file, seconds } = first;
    const room = roomFor(file, pod);
    const what =
      room.by === 'disk'
        ? `the disk it lies on (${bytesText(room.bytes)} free)`
        : `limits.ephemeral-storage (${bytesText(room.bytes)} left)`;
    return {
      severity: isImminent(seconds) ? 'critical' : 'warn',
      title: sentence`${filePart(file.path)} grows ${rateText(file.growthBytesPerHour ?? 0)} and fills ${what} in ${durationText(seconds)}. Kubernetes then evicts the pod`,
      outcome: 'ends in a full disk and eviction',
      evidence: {
        path: file.path,
        growthBytesPerHour: file.growthBytesPerHour,
        sizeBytes: file.sizeBytes,
        freeBytes: file.fileSystem?.freeBytes ?? null,
        ephemeralStorageLimitBytes: pod.ephemeralStorageLimitBytes,
        secondsToFull: Math.round(seconds),
      },
      advice: ADVICE,
      // One file's growth is a measured sum of writes, not a noisy level; a quarter either way covers a change of load.
      etas: [
        { event: 'disk-full', seconds: Math.round(seconds), low: Math.round(seconds * 0.8), high: Math.round(seconds * 1.25) },
      ],
    };
  },
};

function firstToFill(files: readonly FileRow[], pod: PodResources): { readonly file: FileRow; readonly seconds: number } | null {
  let first: { readonly file: FileRow; readonly seconds: number } | null = null;
  for (const file of files) {
    const seconds = secondsToFull(file, pod);
    if (seconds !== null && seconds < (first?.seconds ?? FURTHEST_SECONDS)) first = { file, seconds };
  }
  return first;
}

/** Seconds until this file has filled its disk, or limits.ephemeral-storage if that comes first. */
export function secondsToFull(file: FileRow, pod: PodResources): number | null {
  const growth = file.growthBytesPerHour;
  if (growth === null || growth < MIN_BYTES_PER_HOUR || file.fileSystem?.kind !== 'disk') return null;
  return (roomFor(file, pod).bytes / growth) * HOUR_S;
}

function roomFor(file: FileRow, pod: PodResources): { readonly bytes: number; readonly by: 'disk' | 'ephemeral-storage' } {
  const disk = file.fileSystem?.freeBytes ?? Number.POSITIVE_INFINITY;
  if (pod.ephemeralStorageLimitBytes === null) return { bytes: disk, by: 'disk' };
  const left = Math.max(0, pod.ephemeralStorageLimitBytes - (file.sizeBytes ?? 0));
  return left < disk ? { bytes: left, by: 'ephemeral-storage' } : { bytes: disk, by: 'disk' };
}
