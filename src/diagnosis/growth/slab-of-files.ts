import type { Evaluation } from '../../trends/types.ts';
import { KIB } from '../../units.ts';
import type { GrownFiles } from './file-growth.ts';

/** Slab of one file: its inode in the file system (1 KiB on ext4), its name, and the tree of its pages. */
const SLAB_PER_FILE_BYTES = 4 * KIB;
/** Slab of the pages themselves (buffer heads). */
const SLAB_PER_CACHE = 0.08;
const STANDS = ['stable', 'cyclic', 'shrinking'];

/**
 * The evaluation without slab that grows with the number of named files: thousands of small files bring an inode and a name each. On cgroup v1,
 * where all kernel memory is one value, it is then known that the kernel can reclaim the growth, if nothing else grows that it cannot.
 */
export function withoutSlabOfFiles(evaluation: Evaluation, grown: GrownFiles): Evaluation {
  const { causes, fields } = evaluation;
  const slab = causes.find(({ cause, reclaimable }) => cause === 'slab' && reclaimable);
  const cache = causes.find(({ cause }) => cause === 'page-cache');
  if (slab === undefined || cache === undefined) return evaluation;
  const rows = grown['page-cache'];
  const bytes = rows.reduce((sum, { residentBytes }) => sum + (residentBytes ?? 0), 0);
  // The pace of the cgroup's sum: that of thousands of files stands still while they are walked.
  const filesPerHour = bytes > 0 ? (rows.reduce((sum, { files }) => sum + files, 0) / bytes) * cache.bytesPerHour : 0;
  if (slab.bytesPerHour > filesPerHour * SLAB_PER_FILE_BYTES + SLAB_PER_CACHE * cache.bytesPerHour) return evaluation;
  const rest = causes.filter((share) => share !== slab);
  const isHarmless =
    rest.every(({ reclaimable }) => reclaimable) &&
    (['anon', 'heap_used'] as const).every((id) => fields[id] === undefined || STANDS.includes(fields[id].trend));
  return { ...evaluation, causes: rest, leak: evaluation.leak === null && isHarmless ? false : evaluation.leak };
}
