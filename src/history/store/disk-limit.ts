import { MIB } from '../../units.ts';

/** Room for a sealed segment of a container with many fields, the open segment, and a coarser segment together with those that it replaces. */
const MIN_DISK_BYTES = MIB;

/** The problem with a value of --max-disk; null: none. */
export const diskLimitProblem = (bytes: number): string | null =>
  bytes < MIN_DISK_BYTES ? `--max-disk ${bytes}: expected at least 1MiB, the size of a few segments` : null;
