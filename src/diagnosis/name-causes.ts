import type { CauseShare } from '../trends/types.ts';
import type { GrownFiles } from './growth/file-growth.ts';

/** Adds to each cause that is files the name of the folder, group of files or file that grew most. */
export function nameCauses(causes: readonly CauseShare[], grown: GrownFiles): CauseShare[] {
  return causes.map((share) => {
    if (share.what !== null || (share.cause !== 'page-cache' && share.cause !== 'shmem')) return share;
    return { ...share, what: grown[share.cause][0]?.path ?? null };
  });
}
