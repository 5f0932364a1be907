import { timeProblem } from '../clock.ts';
import { plausible } from '../plausible.ts';
import type { FileSystemUse } from '../sources/types.ts';
import type { EarlierLives, Lives, PartProcess, StoredParts } from './part-readings.ts';
import type { StoredColumn } from './stored-column.ts';
import type { StoredReadings } from './stored-readings.ts';
import type { StoredFile, StoredFiles, StoredTrack } from './stored-tracks.ts';

type Json = Readonly<Record<string, unknown>>;

/** null: memhound did not write this text, or it was changed. Readings are taken again, so nothing else is lost. Pure. */
export function parseReadings(text: string): StoredReadings | null {
  try {
    const json = objectOf(JSON.parse(text));
    if (json.schema !== 'memhound.readings/1') return null;
    return {
      schema: 'memhound.readings/1',
      epoch: textOf(json.epoch),
      parts: partsOf(objectOf(json.parts)),
      files: filesOf(objectOf(json.files)),
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NotReadings) return null;
    throw error;
  }
}

class NotReadings extends Error {}

function partsOf(json: Json): StoredParts {
  const t = timesOf(json.t);
  return {
    t,
    parts: listOf(json.parts, (part) => ({
      id: textOf(part.id),
      name: textOf(part.name),
      process: part.process === null ? null : processOf(objectOf(part.process)),
      kib: columnOf(part.kib, t.length),
    })),
  };
}

const processOf = ({ processes, pid, parent, lives = null }: Json): PartProcess => ({
  processes: numberOf(processes),
  pid: numberOf(pid),
  parent: parent === null ? null : { pid: numberOf(objectOf(parent).pid), name: textOf(objectOf(parent).name) },
  lives: lives === null ? null : livesOf(objectOf(lives)),
});

const livesOf = ({ sinceS, earlier }: Json): Lives => ({
  sinceS: numberOf(sinceS),
  earlier: earlier === null ? null : earlierOf(objectOf(earlier)),
});

const earlierOf = ({ lives, firstS, leastPeakBytes, mostPeakBytes }: Json): EarlierLives => ({
  lives: numberOf(lives),
  firstS: numberOf(firstS),
  leastPeakBytes: numberOf(leastPeakBytes),
  mostPeakBytes: numberOf(mostPeakBytes),
});

function filesOf(json: Json): StoredFiles {
  const t = timesOf(json.t);
  const file = (one: Json): StoredFile => ({
    path: textOf(one.path),
    size: columnOf(one.size, t.length),
    allocated: columnOf(one.allocated, t.length),
    resident: columnOf(one.resident, t.length),
  });
  return {
    t,
    merged: (Array.isArray(json.merged) ? json.merged : fail()).map(textOf),
    free: listOf(json.free, (one) => ({ totalBytes: numberOf(one.totalBytes), kib: columnOf(one.kib, t.length) })),
    tracks: listOf(
      json.tracks,
      (track): StoredTrack => ({
        ...file(track),
        key: textOf(track.key),
        folder: textOf(track.folder),
        kind: track.kind === 'folder' ? 'folder' : 'file',
        fileSystem: track.fileSystem === null ? null : fileSystemOf(objectOf(track.fileSystem)),
        members: listOf(track.members, file),
      }),
    ),
  };
}

const fileSystemOf = ({ kind, freeBytes, totalBytes }: Json): FileSystemUse => ({
  kind: kind === 'tmpfs' ? 'tmpfs' : 'disk',
  freeBytes: numberOf(freeBytes),
  totalBytes: numberOf(totalBytes),
});

/** More than memhound ever writes, so that a foreign file costs little. */
const MAX_ITEMS = 256;

const fail = (): never => {
  throw new NotReadings();
};
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : fail());
const textOf = (value: unknown): string => (typeof value === 'string' ? value : fail());
/** All of them are sizes, counts, pids or times. */
const numberOf = (value: unknown): number => (typeof value === 'number' ? (plausible(value) ?? fail()) : fail());
const numberOrNull = (value: unknown): number | null => (value === null ? null : numberOf(value));
const listOf = <T>(value: unknown, one: (item: Json) => T): T[] =>
  Array.isArray(value) && value.length <= MAX_ITEMS ? value.map((item) => one(objectOf(item))) : fail();

function timesOf(value: unknown): number[] {
  const times = Array.isArray(value) && value.length <= MAX_ITEMS ? value.map(numberOf) : fail();
  return times.every((t, i) => timeProblem(t) === null && (i === 0 || t > times[i - 1]!)) ? times : fail();
}

const columnOf = (value: unknown, rows: number): StoredColumn =>
  Array.isArray(value) ? (value.length === rows ? value.map(numberOrNull) : fail()) : numberOrNull(value);
