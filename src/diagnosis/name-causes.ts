import type { CauseShare } from '../trends/types.ts';
import type { FileRow } from './types.ts';

/** A file must grow by at least this part of the cache's growth to be named as its cause. */
const MIN_SHARE = 0.4;

/**
 * Puts a name to causes that are files: the one that grows fastest, if its growth is of the size of the cache's. Residency would be
 * better evidence than size, but is not always known; growth in step with the cache is evidence in both cases. Files that could not be
 * queried have no name to give.
 */
export function nameCauses(causes: readonly CauseShare[], files: readonly FileRow[]): CauseShare[] {
  return causes.map((share) => {
    if (share.what !== null) return share;
    if (share.cause === 'page-cache') return { ...share, what: growingFile(share, files, (f) => f.fileSystem?.kind !== 'tmpfs') };
    if (share.cause === 'shmem') return { ...share, what: growingFile(share, files, (f) => f.fileSystem?.kind === 'tmpfs') };
    return share;
  });
}

function growingFile(share: CauseShare, files: readonly FileRow[], eligible: (f: FileRow) => boolean): string | null {
  let best: FileRow | null = null;
  for (const file of files) {
    if (file.kind === 'unqueried' || !eligible(file) || file.growthBytesPerHour === null) continue;
    if (best === null || file.growthBytesPerHour > best.growthBytesPerHour!) best = file;
  }
  return best !== null && best.growthBytesPerHour! >= MIN_SHARE * share.bytesPerHour ? best.path : null;
}
