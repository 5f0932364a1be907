import { type FieldName, fieldName } from '../../fields.ts';
import type { Series } from '../../history/series.ts';
import { MIB } from '../../units.ts';

/*
 * Files of a tmpfs stay when the process that wrote them ends. Within a run nothing grows; from run to run the least that was held does.
 *
 *     shmem            _____|___
 *              _____|/                 |: a restart
 *     ______|/
 */
export interface LeftByRuns {
  readonly restarts: number;
  /** Time since the first of these runs began, in seconds. */
  readonly seconds: number;
  /** By how much shared memory rose with a restart, in the mean. */
  readonly bytesPerRestart: number;
  /** The least that the newest run has held. */
  readonly bytes: number;
}

const MIN_RESTARTS = 2;
const MIN_BYTES = 16 * MIB;
/** A restart that left less than this share of the mean has left nothing. */
const MIN_SHARE_OF_MEAN = 0.25;
const MOST_RESTARTS = 0.75;

const SHMEM: FieldName = fieldName('shmem');

const restartsIn = (events: Series['events']): Series['events'] => events.filter(({ type }) => type === 'restart');

/** Whether there were enough runs to tell what they have left. */
export const hasRuns = (events: Series['events']): boolean => restartsIn(events).length >= MIN_RESTARTS;

/** What runs of a container have left in shared memory; null: it did not rise with most of the restarts. `series`: of all runs. */
export function leftByRuns({ t, fields, events }: Pick<Series, 't' | 'fields' | 'events'>): LeftByRuns | null {
  const shmem = fields.get(SHMEM);
  if (shmem === undefined || !hasRuns(events)) return null;
  const floors = floorsOf(
    t,
    shmem,
    restartsIn(events).map((event) => event.t),
  );
  const [first, last] = [floors[0], floors.at(-1)];
  if (first === undefined || last === undefined || floors.length <= MIN_RESTARTS) return null;
  const count = floors.length - 1;
  const bytesPerRestart = (last.bytes - first.bytes) / count;
  const rose = floors.filter(
    ({ bytes }, i) => i > 0 && bytes - floors[i - 1]!.bytes >= MIN_SHARE_OF_MEAN * bytesPerRestart,
  ).length;
  if (last.bytes - first.bytes < MIN_BYTES || rose < MOST_RESTARTS * count) return null;
  return { restarts: count, seconds: t[t.length - 1]! - first.fromS, bytesPerRestart, bytes: last.bytes };
}

interface Floor {
  readonly fromS: number;
  readonly bytes: number;
}

/** The least value of each run that has one. */
function floorsOf(t: Float64Array, column: Float64Array, restartsS: readonly number[]): Floor[] {
  const floors: Floor[] = [];
  const starts = [...restartsS].sort((a, b) => a - b);
  let run = 0;
  let isNew = true;
  // A quarter of a year has thousands of rows, and a program that crashes again and again has hundreds of runs.
  for (let i = 0; i < t.length; i++) {
    for (; run < starts.length && starts[run]! <= t[i]!; run++) isNew = true;
    const value = column[i]!;
    if (!Number.isFinite(value)) continue;
    const known = floors.at(-1);
    if (isNew || known === undefined) floors.push({ fromS: t[i]!, bytes: value });
    else if (value < known.bytes) floors[floors.length - 1] = { ...known, bytes: value };
    isNew = false;
  }
  return floors;
}
