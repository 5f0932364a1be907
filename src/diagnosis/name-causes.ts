import type { CauseShare } from '../trends/types.ts';
import type { GrownFiles } from './growth/file-growth.ts';

/** The files that a cause is; null: it is no files. Where locked and other cache grow, it is not known which files are locked. */
function filesOf({ cause }: CauseShare, among: readonly CauseShare[]): keyof GrownFiles | null {
  if (cause === 'page-cache' || cause === 'shmem') return cause;
  return cause === 'locked-cache' && !among.some((other) => other.cause === 'page-cache') ? 'page-cache' : null;
}

/** Adds to each cause that is files the name of the folder, group of files or file that grew most. */
export function nameCauses(causes: readonly CauseShare[], grown: GrownFiles): CauseShare[] {
  return causes.map((share) => {
    const files = filesOf(share, causes);
    return share.what !== null || files === null ? share : { ...share, what: grown[files][0]?.path ?? null };
  });
}
