import type { StoredParts } from './part-readings.ts';
import { newestKib } from './stored-column.ts';
import type { StoredFiles } from './stored-tracks.ts';

/** The readings of parts and files as they are stored, so that what grew keeps its name after a restart of memhound. Pure. */
export interface StoredReadings {
  readonly schema: 'memhound.readings/1';
  /** The run that they are of. */
  readonly epoch: string;
  readonly parts: StoredParts;
  readonly files: StoredFiles;
}

/** Smaller moves are not worth a write. */
const MIN_MOVE_KIB = 1024;
const MIN_MOVE_SHARE = 0.02;

/** Whether the newest readings are others than those that were stored last. */
export function haveMoved(stored: StoredReadings | null, now: StoredReadings): boolean {
  if (stored === null || stored.epoch !== now.epoch) return true;
  const before = newestByName(stored);
  return [...newestByName(now)].some(([name, kib]) => {
    const was = before.get(name) ?? 0;
    return Math.abs(kib - was) >= Math.max(MIN_MOVE_KIB, MIN_MOVE_SHARE * was);
  });
}

function newestByName({ parts, files }: StoredReadings): Map<string, number> {
  return new Map([
    ...parts.parts.map(({ id, name, kib }) => [`${id} ${name}`, newestKib(kib)] as const),
    ...files.tracks.map(({ key, resident, allocated }) => [key, Math.max(newestKib(resident), newestKib(allocated))] as const),
  ]);
}
