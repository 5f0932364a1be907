import { bytesText, durationText, rateText, safeName } from '../../format.ts';
import type { PodResources, RuleContext, RuleResult } from '../rule-context.ts';
import type { FileRow } from '../types.ts';

/** Slower than this is not worth a line: 1 MiB a day fills nothing within a quarter on any disk that a pod gets. */
const LEAST_BYTES_PER_HOUR = 2 ** 20 / 24;
/** Further off than a quarter, a forecast from minutes or days of growth says nothing. */
const FURTHEST_SECONDS = 90 * 86400;

/** Seconds until this file's growth meets the free bytes of its disk, or limits.ephemeral-storage if that comes first. */
export function secondsToFull(file: FileRow, pod: PodResources): number | null {
  const growth = file.growthBytesPerHour;
  if (growth === null || growth < LEAST_BYTES_PER_HOUR || file.fileSystem === null || file.fileSystem.kind !== 'disk')
    return null;
  return (roomFor(file, pod).bytes / growth) * 3600;
}

function roomFor(file: FileRow, pod: PodResources): { bytes: number; by: 'disk' | 'ephemeral-storage' } {
  const disk = file.fileSystem?.freeBytes ?? Number.POSITIVE_INFINITY;
  if (pod.ephemeralStorageLimitBytes === null) return { bytes: disk, by: 'disk' };
  const left = Math.max(0, pod.ephemeralStorageLimitBytes - (file.sizeBytes ?? 0));
  return left < disk ? { bytes: left, by: 'ephemeral-storage' } : { bytes: disk, by: 'disk' };
}

/** True when a file on disk grows so that its file system, or limits.ephemeral-storage, is met within a quarter. */
export function diskFilling(context: RuleContext): RuleResult | null {
  let worst: FileRow | null = null;
  let earliest = FURTHEST_SECONDS;
  for (const file of context.files) {
    const seconds = secondsToFull(file, context.pod);
    if (seconds !== null && seconds < earliest) {
      worst = file;
      earliest = seconds;
    }
  }
  if (worst === null) return null;
  const room = roomFor(worst, context.pod);
  const name = safeName(worst.path);
  const what =
    room.by === 'disk'
      ? `the disk it lies on (${bytesText(room.bytes)} free)`
      : `limits.ephemeral-storage (${bytesText(room.bytes)} left)`;
  return {
    cause: null,
    headline: null,
    // One file's growth is a measured sum of writes, not a noisy level; a quarter either way covers a change of load.
    etas: [
      { event: 'disk-full', seconds: Math.round(earliest), low: Math.round(earliest * 0.8), high: Math.round(earliest * 1.25) },
    ],
    finding: {
      rule: 'disk-filling',
      severity: earliest < 86400 ? 'critical' : 'warn',
      title: `${name} grows ${rateText(worst.growthBytesPerHour!)} and fills ${what} in ${durationText(earliest)}; Kubernetes evicts the pod then`,
      evidence: {
        path: worst.path,
        growthBytesPerHour: worst.growthBytesPerHour,
        sizeBytes: worst.sizeBytes,
        freeBytes: worst.fileSystem?.freeBytes ?? null,
        ephemeralStorageLimitBytes: context.pod.ephemeralStorageLimitBytes,
        secondsToFull: Math.round(earliest),
      },
      advice:
        'Log to stdout or lower the level; or rotate the file with a bound, and set limits.ephemeral-storage so that this pod alone is evicted and not its neighbours.',
    },
  };
}
