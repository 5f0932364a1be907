import { MIB } from '../../units.ts';

/** A segment of a wide container, the one that is being written, and a coarser one while those it stands for are still there. */
const MIN_DISK_BYTES = MIB;

/** What is wrong with a value of --max-disk; null: nothing. */
export const diskLimitProblem = (bytes: number): string | null =>
  bytes < MIN_DISK_BYTES ? `--max-disk ${bytes}: expected at least 1MiB, the size of a few segments` : null;
