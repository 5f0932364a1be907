import { folderStem, isOfAll, isTelling } from '../sources/files/file-groups.ts';

/**
 * The deepest folder that holds most of too many groups, by the folders of these, or the stem of most folders in it where any program writes there;
 * null: they have no folder in common but the root.
 */
export function folderToMerge(folders: readonly string[]): string | null {
  const below = new Map<string, number>();
  for (const folder of folders)
    for (let end = folder.indexOf('/', 1); end > 0; end = folder.indexOf('/', end + 1)) {
      const path = folder.slice(0, end + 1);
      below.set(path, (below.get(path) ?? 0) + 1);
    }
  let at = '/';
  let count = 0;
  for (;;) {
    const deeper = fullest(below, at);
    if (deeper === null || below.get(deeper)! < Math.max(2, count / 2)) {
      if (at === '/') return null;
      return isOfAll(at) ? (stemOfMost(folders, at) ?? at) : at;
    }
    at = deeper;
    count = below.get(deeper)!;
  }
}

/** The stem of several folders in `parent` that hold most of the groups in it; null: they have none in common. */
function stemOfMost(folders: readonly string[], parent: string): string | null {
  const within = folders.filter((folder) => folder.startsWith(parent));
  const byStem = new Map<string, Set<string>>();
  const groups = new Map<string, number>();
  for (const folder of within) {
    const end = folder.indexOf('/', parent.length);
    if (end < 0) continue;
    const child = folder.slice(0, end + 1);
    const stem = folderStem(child);
    byStem.set(stem, (byStem.get(stem) ?? new Set()).add(child));
    groups.set(stem, (groups.get(stem) ?? 0) + 1);
  }
  const most = [...byStem].find(([stem, { size }]) => size > 1 && groups.get(stem)! >= within.length / 2)?.[0];
  return most !== undefined && isTelling(most) ? most : null;
}

/** Of the folders directly in `parent`. */
function fullest(below: ReadonlyMap<string, number>, parent: string): string | null {
  let best: string | null = null;
  for (const [path, count] of below) {
    const isChild = path.startsWith(parent) && path !== parent && path.indexOf('/', parent.length) === path.length - 1;
    if (isChild && count > (best === null ? 0 : below.get(best)!)) best = path;
  }
  return best;
}
