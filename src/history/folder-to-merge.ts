/** The deepest folder that holds most of too many groups, by the folders of these; null: they have no folder in common but the root. */
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
    if (deeper === null || below.get(deeper)! < Math.max(2, count / 2)) return at === '/' ? null : at;
    at = deeper;
    count = below.get(deeper)!;
  }
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
