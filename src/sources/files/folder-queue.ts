import { ageMs } from '../../clock.ts';
import { MINUTE_MS } from '../../units.ts';

/** A folder that may contain files in the page cache, with the result of its last walk. `path` is a byte string. */
export interface Folder {
  readonly path: string;
  /** hot: a file in it is or was open for writing, or its names change; seed: a likely folder; below: found during a walk. */
  kind: 'hot' | 'seed' | 'below' | 'root';
  mtimeMs: number;
  walkedAtMs: number | null;
  entries: number;
  /** What its last walk cost, in names of which each was looked at, and how long it took. */
  cost: number;
  tookMs: number;
}

/** The system's own folders have tens of thousands of files, and programs hardly ever write to them. They are walked after all others. */
const SYSTEM = /^\/(?:usr|lib(?:32|64|x32)?|s?bin|boot|etc|var\/lib\/(?:dpkg|apt|rpm))(?:\/|$)/;

export const isSystemFolder = (path: string): boolean => SYSTEM.test(path);

/** Once the queue is filled to this share, or to this number, no more of them are added: they would leave no room for the folders that programs make. */
const SYSTEM_SHARE = 1 / 2;
const MAX_SYSTEM = 500;

const RANK = { hot: 3, seed: 2, below: 1, root: 0 } as const;
/** A hot folder of up to 100 names is walked every 10 s. Larger ones and other kinds are walked less often, in proportion to their cost. */
const HOT_AGAIN_MS = 10_000;
/**
 * While files in sight do not explain the page cache, a hot folder of up to 50 names is walked this often, a larger one in proportion: what a program
 * writes and closes there is known before it is many MiB, and a folder takes less than a thousandth of a CPU.
 */
const SEARCHED_AGAIN_MS = 2000;
const SEARCHED_MS_PER_NAME = 40;
const OTHERS_AGAIN_MS = 600_000;

/** The folders that are due at one time, the next one last. */
interface Due {
  readonly nowMs: number;
  readonly wide: boolean;
  readonly folders: Folder[];
}

/** Decides which folder to walk next. It keeps at most `most` folders. */
export class FolderQueue {
  readonly #folders = new Map<string, Folder>();
  readonly #maxFolders: number;
  #due: Due | null = null;
  /** Those that were added since the due ones were put in order. */
  #added: Folder[] = [];
  /** Those that a full queue gives up for others, the first one last, in the order of this scan: a walk may find thousands that have no room. */
  #leastWanted: { readonly folder: Folder; readonly was: Worth }[] = [];

  constructor(maxFolders: number) {
    this.#maxFolders = maxFolders;
  }

  get size(): number {
    return this.#folders.size;
  }

  add(path: string, kind: Folder['kind'], mtimeMs = 0): void {
    const known = this.#folders.get(path);
    if (known !== undefined) {
      if (RANK[kind] > RANK[known.kind]) known.kind = kind;
      known.mtimeMs = Math.max(known.mtimeMs, mtimeMs);
      return;
    }
    if (isSystemFolder(path) && this.#folders.size >= Math.min(MAX_SYSTEM, SYSTEM_SHARE * this.#maxFolders)) return;
    if (this.#folders.size >= this.#maxFolders && !this.#evict(kind, mtimeMs)) return;
    const folder: Folder = { path, kind, mtimeMs, walkedAtMs: null, entries: 0, cost: 0, tookMs: 0 };
    this.#folders.set(path, folder);
    this.#added.push(folder);
  }

  /** Makes the folder due at the next scan, whatever the time of its last walk. */
  walkAgain(path: string): void {
    this.add(path, 'hot');
    const folder = this.#folders.get(path);
    if (folder === undefined) return;
    folder.walkedAtMs = null;
    this.#added.push(folder);
  }

  drop(path: string): void {
    this.#folders.delete(path);
  }

  /**
   * The next folder that is due; null: none is. `wide`: files in sight do not explain the page cache, so folders that are only guesses are included,
   * and those whose names change are walked again sooner.
   */
  next(nowMs: number, wide: boolean): Folder | null {
    const isNext = (folder: Folder): boolean =>
      this.#folders.get(folder.path) === folder &&
      (wide || folder.kind === 'hot' || folder.walkedAtMs !== null || isNew(folder, nowMs)) &&
      isDue(folder, nowMs, wide);
    if (this.#due?.nowMs !== nowMs || this.#due.wide !== wide) {
      const folders = [...this.#folders.values()]
        .filter(isNext)
        .sort((a, b) => order(a, b, nowMs))
        .reverse();
      this.#due = { nowMs, wide, folders };
      this.#added = [];
      this.#leastWanted = [];
    }
    const { folders } = this.#due;
    this.#added = this.#added.filter(isNext);
    while (folders.length > 0 && !isNext(folders.at(-1)!)) folders.pop();
    const added = this.#added.reduce<Folder | null>(
      (best, one) => (best === null || order(one, best, nowMs) < 0 ? one : best),
      null,
    );
    const waiting = folders.at(-1) ?? null;
    if (added === null || (waiting !== null && order(waiting, added, nowMs) < 0)) return folders.pop() ?? null;
    return added;
  }

  /** Removes the folder that is wanted least, if it is wanted less than the new one. */
  #evict(kind: Folder['kind'], mtimeMs: number): boolean {
    const added: Worth = { kind, mtimeMs, walkedAtMs: null, entries: 0 };
    if (this.#leastWanted.length === 0)
      this.#leastWanted = [...this.#folders.values()]
        // All others are found from the root.
        .filter((folder) => folder.kind !== 'root')
        .sort((a, b) => worth(b, a))
        .map((folder) => ({ folder, was: worthOf(folder) }));
    for (let least = this.#leastWanted.at(-1); least !== undefined; least = this.#leastWanted.at(-1)) {
      const { folder, was } = least;
      const isAsItWas = this.#folders.get(folder.path) === folder && worth(folder, was) === 0;
      if (isAsItWas && worth(was, added) >= 0) return false;
      this.#leastWanted.pop();
      if (isAsItWas) return this.#folders.delete(folder.path);
    }
    return false;
  }
}

type Worth = Pick<Folder, 'kind' | 'mtimeMs' | 'walkedAtMs' | 'entries'>;

const worthOf = ({ kind, mtimeMs, walkedAtMs, entries }: Folder): Worth => ({ kind, mtimeMs, walkedAtMs, entries });

const isEmpty = ({ walkedAtMs, entries }: Worth): boolean => walkedAtMs !== null && entries === 0;

/** Negative: `a` is wanted less. By rank, then empty ones, then by the time of the last write. */
const worth = (a: Worth, b: Worth): number =>
  RANK[a.kind] - RANK[b.kind] || Number(isEmpty(b)) - Number(isEmpty(a)) || a.mtimeMs - b.mtimeMs;

/** While a hot folder with very many files is searched, the rest of the time is for other folders. */
const SEARCH_SHARE = 1 / 3;

function isDue({ walkedAtMs, cost, tookMs, kind }: Folder, nowMs: number, wide: boolean): boolean {
  if (walkedAtMs === null) return true;
  const costlier = Math.max(1, cost / 100) * (kind === 'hot' ? 1 : 6);
  const againMs = Math.min(OTHERS_AGAIN_MS, HOT_AGAIN_MS * costlier);
  const soonestMs = Math.min(HOT_AGAIN_MS, Math.max(SEARCHED_AGAIN_MS, cost * SEARCHED_MS_PER_NAME));
  const sooner = wide && kind === 'hot' ? Math.max(soonestMs, tookMs / SEARCH_SHARE - tookMs) : againMs;
  return ageMs(walkedAtMs, nowMs) >= Math.min(againMs, sooner);
}

/** A folder that was found, and whose names changed within this time, is likely to be one of many: a folder for each day or tenant. */
const NEW_MS = 10 * MINUTE_MS;

const isNew = ({ walkedAtMs, mtimeMs }: Folder, nowMs: number): boolean => walkedAtMs === null && ageMs(mtimeMs, nowMs) < NEW_MS;

/**
 * Order: new folders first, else walking the many hot ones again would keep them waiting; then hot folders, then folders never walked, then by
 * rank, then by the time of the last write.
 */
function order(a: Folder, b: Folder, nowMs: number): number {
  const fresher = Number(isNew(b, nowMs)) - Number(isNew(a, nowMs));
  const hot = Number(b.kind === 'hot') - Number(a.kind === 'hot');
  const fresh = Number(b.walkedAtMs === null) - Number(a.walkedAtMs === null);
  const system = Number(isSystemFolder(a.path)) - Number(isSystemFolder(b.path));
  return (
    fresher ||
    hot ||
    fresh ||
    system ||
    RANK[b.kind] - RANK[a.kind] ||
    (a.walkedAtMs === null ? b.mtimeMs - a.mtimeMs : a.walkedAtMs - b.walkedAtMs!)
  );
}
