import { closeSync, type Stats, statSync } from 'node:fs';
import { ageMs } from '../../clock.ts';
import { bounded } from '../../plausible.ts';
import { MIB, MINUTE_MS, SECOND_MS } from '../../units.ts';
import { parseMappedFiles } from '../mappings/mapped-files.ts';
import { codeOf, decodePath, type PinResult, pinLink, pinUnder } from '../process/pinned-path.ts';
import { readArguments } from '../process/procfs.ts';
import { isAbsence, isDenied, readText } from '../process/read-text.ts';
import { knowShmemMount, mountsOf } from '../process/remote-mounts.ts';
import type { FileReading, ProcessRef, Roots } from '../types.ts';
import { FileSystems } from './file-systems.ts';
import { argumentFolders, folderCandidates } from './folder-candidates.ts';
import { type Folder, FolderQueue } from './folder-queue.ts';
import { FolderSums } from './folder-sums.ts';
import { type FolderVisitor, FolderWalk, isOpenedWhole, type NamedFile } from './folder-walk.ts';
import { allocatedBytes, type FileResidency, measureFiles, queryCost } from './measure-files.ts';
import { OpenFiles, type UnaskedMount } from './open-files.ts';
import { Residency } from './residency.ts';
import { readPermission } from './residency-permission.ts';
import {
  fileKey,
  isDue,
  isSignificantChange,
  isWritten,
  madeMs,
  queryPriority,
  type ScanTimes,
  type TrackedFile,
  toFileReading,
} from './tracked-files.ts';
import { WorkBudget } from './work-budget.ts';

/** Limits of a scan's cost, for any number of files. An operation takes 5 to 10 us: see WorkBudget. */
export interface ScanLimits {
  /** Operations added to the budget by each scan: 3 to 5 ms on average (8.6 us each, measured with all folders being walked). */
  readonly perScan: number;
  /** Maximum of unused operations, about 400 ms, half of them for folders. The first scan may use four fifths, later scans ten times `perScan`. */
  readonly burst: number;
  /**
   * Further operations in folders for each second since the last scan, while files in sight do not explain the page cache: thousands of small
   * files in many folders are found in half a minute, for 1 % of a CPU. They come from `searchSaved`, which each scan refills by `perScan`.
   */
  readonly searchPerSecond: number;
  readonly searchSaved: number;
  readonly pids: number;
  /** Descriptor numbers tried per scan in all processes, beside those known to be open for writing. The first scan tries ten times as many. */
  readonly descriptors: number;
  /** Maximum number of remembered folders. */
  readonly folders: number;
  /** Maximum number of files with a row. Further files are counted with their folder. */
  readonly files: number;
  /** A file that is not open has a row if it is at least this large. */
  readonly largeBytes: number;
  readonly rows: number;
  /** The kernel holds the mmap lock of the process while it writes /proc/PID/maps, so it is read rarely, and of few processes. */
  readonly mapsEveryMs: number;
  readonly mapsWhileSearchingMs: number;
  readonly mapsPids: number;
}

const LIMITS: ScanLimits = {
  perScan: 500,
  burst: 62_500,
  searchPerSecond: 1500,
  searchSaved: 200_000,
  pids: 64,
  descriptors: 400,
  folders: 4000,
  files: 1000,
  largeBytes: MIB,
  rows: 2500,
  mapsEveryMs: 5 * MINUTE_MS,
  mapsWhileSearchingMs: MINUTE_MS / 2,
  mapsPids: 4,
};
/** If the named files hold this share of the cgroup's `file`, no further folders are tried. */
const EXPLAINED_SHARE = 0.95;
/** With less page cache than this, no folders are tried. */
const MIN_CACHE_BYTES = 8 * MIB;
const BATCH_FILES = 64;
/** All files are queried again at most this often. */
const ROUND_AGAIN_MS = 10 * SECOND_MS;
const MAX_UNASKED_ROWS = 8;
/** A longer search would hold up the tick: where only fincore(1) tells residency, each folder costs a process. */
const MAX_SEARCH_MS = 250;
const SEARCH_STEP = 250;
/** A file whose folder cannot be walked is given up after this time. */
const FORGET_LOST_MS = MINUTE_MS;
/** Separate budgets, so that a log of gigabytes, 100,000 descriptors or a deep tree does not use up the whole budget. */
const BUDGET_SHARES = { asking: 0.3, descriptors: 0.2, folders: 0.5 };

export interface CacheTotals {
  readonly fileBytes: number | null;
  readonly shmemBytes: number | null;
}

/** Work done since the start. */
export interface ScanStats {
  readonly scans: number;
  readonly operations: number;
  readonly folders: number;
  readonly names: number;
  readonly residencyQueries: number;
  readonly tracked: number;
  readonly foldersKnown: number;
  readonly deniedPids: number;
}

/**
 * Finds the files in a container's page cache: files that are open (deleted ones too) or mapped, neighbours of files that are written (rotated
 * logs), and files in the folders where programs write. Sizes come from stat, resident bytes from `Residency`. It never reads the content of a
 * file, because the kernel would charge the pages to memhound.
 */
export class PageCacheScanner {
  readonly #roots: Roots;
  readonly #process: ProcessRef;
  readonly #pids: () => number[];
  readonly #limits: ScanLimits;
  readonly #budget: WorkBudget;
  readonly #openBudget: WorkBudget;
  readonly #folderBudget: WorkBudget;
  readonly #open: OpenFiles;
  readonly #systems = new FileSystems();
  readonly #residency: Residency;
  readonly #queue: FolderQueue;
  readonly #walk: FolderWalk;
  readonly #sums = new FolderSums();
  readonly #tracked = new Map<string, TrackedFile>();
  readonly #isCandidate: (stat: Stats) => boolean;
  /** When the walk of a folder began that is not at its end. */
  readonly #walkBeganMs = new Map<string, number>();
  #mapsAtMs = Number.NEGATIVE_INFINITY;
  #times: ScanTimes;
  #scans = 0;
  #queries = 0;
  /** `file` of the cgroup at the last scan, and the part of its changes since the last full round that no query explains. */
  #fileBytes: number | null = null;
  #searchSaved: number;
  readonly #sharesRoot: boolean;
  /** The cgroup's `file` and the part of it that files in sight explain, when it first was worth a search. */
  #first: { readonly fileBytes: number; readonly explained: number } | null = null;
  #unexplained = 0;
  /** Start of the round in which all files are queried, over as many scans as the budget needs; null: none is going on. */
  #roundMs: number | null = null;
  /** Start of the last round, and whether something moved since that the files in sight do not explain. */
  #lastRoundMs = Number.NEGATIVE_INFINITY;
  #isRoundWanted = false;
  /** The files in sight did not explain the page cache at the last scan. */
  #wasSearching = false;

  constructor(options: {
    readonly roots: Roots;
    readonly process: ProcessRef;
    /** Processes of the container. */
    readonly pids: () => number[];
    readonly limits?: Partial<ScanLimits>;
    readonly residency?: Residency;
  }) {
    this.#roots = options.roots;
    this.#process = options.process;
    this.#pids = options.pids;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#searchSaved = this.#limits.searchSaved;
    const budgetOf = (share: number) => new WorkBudget(this.#limits.perScan * share, this.#limits.burst * share);
    this.#budget = budgetOf(BUDGET_SHARES.asking);
    this.#openBudget = budgetOf(BUDGET_SHARES.descriptors);
    this.#folderBudget = budgetOf(BUDGET_SHARES.folders);
    this.#open = new OpenFiles(options.roots.proc, this.#limits.descriptors);
    this.#residency = options.residency ?? new Residency(readPermission(options.roots.proc));
    this.#queue = new FolderQueue(this.#limits.folders);
    this.#walk = new FolderWalk(this.#root, this.#queue, this.#systems);
    const shared = sharesOurRoot(this.#root);
    this.#sharesRoot = shared;
    const processStartMs = startMs(options.roots.proc, options.process.startTicks);
    this.#times = { nowMs: 0, firstScanMs: 0, processStartMs, fileSystemOf: (dev) => this.#systems.newest(dev) };
    const since = shared ? processStartMs : null;
    // On a host without containers, all programs share the folders. Only files changed since this program started can be its own.
    this.#isCandidate = (stat) => {
      const known = this.#tracked.get(fileKey(stat));
      if (known !== undefined) known.seenMs = this.#times.nowMs;
      return known?.lostMs !== null && (since === null || (stat.uid === options.process.uid && stat.ctimeMs >= since));
    };
    for (const folder of folderCandidates(options.roots.proc, options.process.pid)) this.#queue.add(folder, 'seed');
    for (const folder of argumentFolders(readArguments(options.roots.proc, options.process.pid))) this.#queue.add(folder, 'hot');
    if (!shared) this.#queue.add('/', 'root');
  }

  /** One scan at `nowMs`: the visible files, by resident bytes, then size; at most `limits.rows`. */
  async scan(nowMs: number, hint?: CacheTotals): Promise<FileReading[]> {
    const firstScanMs = this.#scans === 0 ? nowMs : this.#times.firstScanMs;
    const sinceLastMs = this.#scans === 0 ? 0 : ageMs(this.#times.nowMs, nowMs);
    this.#times = { ...this.#times, nowMs, firstScanMs };
    this.#scans++;
    for (const budget of [this.#budget, this.#openBudget, this.#folderBudget]) budget.refill();
    this.#systems.clear();
    await knowShmemMount();
    this.#scanOpenFiles();
    const mapsEveryMs = this.#wasSearching ? this.#limits.mapsWhileSearchingMs : this.#limits.mapsEveryMs;
    if (ageMs(this.#mapsAtMs, nowMs) >= mapsEveryMs) {
      this.#mapsAtMs = nowMs;
      this.#scanMappedFiles();
    }
    await this.#queryResidency(nowMs, hint?.fileBytes ?? null);
    const isSearching = this.#isSearchingFolders(hint);
    this.#wasSearching = isSearching && hint?.fileBytes != null;
    await this.#walk.walk(nowMs, this.#folderBudget, isSearching, this.#visitor(nowMs));
    if (this.#wasSearching && !this.#sharesRoot) await this.#searchMore(nowMs, sinceLastMs);
    else this.#searchSaved = Math.min(this.#limits.searchSaved, this.#searchSaved + this.#limits.perScan);
    return this.#rows().slice(0, this.#limits.rows);
  }

  close(): void {
    this.#walk.close();
    this.#tracked.clear();
    this.#sums.clear();
  }

  stats(): ScanStats {
    return {
      scans: this.#scans,
      operations: this.#budget.spent + this.#openBudget.spent + this.#folderBudget.spent,
      folders: this.#walk.done.folders,
      names: this.#walk.done.names,
      residencyQueries: this.#queries,
      tracked: this.#tracked.size,
      foldersKnown: this.#queue.size,
      deniedPids: this.#open.denied.size,
    };
  }

  get #root(): string {
    return `${this.#roots.proc}/${this.#process.pid}/root`;
  }

  #scanOpenFiles(): void {
    const pids = [...new Set([this.#process.pid, ...this.#pids()])].slice(0, this.#limits.pids);
    for (const file of this.#tracked.values()) file.openBy = [];
    for (const open of this.#open.scan(pids, this.#openBudget)) {
      const file = this.#track(open.path, open.stat);
      if (file === null) continue;
      file.path = open.path;
      file.stat = open.stat;
      file.deleted = open.deleted;
      file.openBy.push(open);
      if (open.mode !== 'r') this.#queue.add(folderOf(open.path), 'hot');
    }
    // A deleted file that no process holds open no longer exists, and has no pages.
    for (const [key, file] of this.#tracked)
      if (file.deleted && file.openBy.length === 0 && !file.mapped) this.#tracked.delete(key);
  }

  #scanMappedFiles(): void {
    for (const pid of [this.#process.pid, ...this.#pids()].slice(0, this.#limits.mapsPids)) {
      for (const mapped of this.#mappedFilesOf(pid)) {
        this.#budget.spend(mapped.path.split('/').length);
        // A mapped file that was deleted has no name, and /proc/PID/map_files needs a capability.
        const found = mapped.deleted ? null : pinUnder(this.#root, mapped.path);
        if (found?.state !== 'pinned') continue;
        if (found.stat.isFile()) {
          const file = this.#track(mapped.path, found.stat);
          if (file !== null) file.mapped = true;
          // An index or a store is mapped file by file. Libraries are mapped at the start and bring nothing later.
          if (!isLibraryPath(mapped.path)) this.#queue.add(folderOf(mapped.path), 'seed');
        }
        closeSync(found.fd);
      }
    }
  }

  #mappedFilesOf(pid: number): ReturnType<typeof parseMappedFiles> {
    try {
      return parseMappedFiles(readText(`${this.#roots.proc}/${pid}/maps`) ?? '');
    } catch (error) {
      if (isDenied(error)) return [];
      throw error;
    }
  }

  /** The tracked file, or a new one if there is room; null: there is no room. */
  #track(path: string, stat: Stats): TrackedFile | null {
    const key = fileKey(stat);
    const known = this.#tracked.get(key);
    if (known !== undefined) return known;
    if (this.#tracked.size >= this.#limits.files && !this.#evict(allocatedBytes(stat))) return null;
    const file: TrackedFile = {
      path,
      stat,
      deleted: false,
      openBy: [],
      mapped: false,
      residency: null,
      queriedAtMs: 0,
      allocatedAtQuery: 0,
      mtimeAtQuery: 0,
      changePerMs: 0,
      firstSeenMs: this.#times.nowMs,
      seenMs: this.#times.nowMs,
      lostMs: null,
      firstQueriedMs: null,
      firstResidentBytes: 0,
    };
    this.#tracked.set(key, file);
    return file;
  }

  /** Removes the smallest file that is neither written nor deleted, if it is smaller than the new one. */
  #evict(bytes: number): boolean {
    let least: [string, number] | null = null;
    for (const [key, file] of this.#tracked) {
      const size = allocatedBytes(file.stat);
      if (!isWritten(file) && !file.deleted && size < bytes && (least === null || size < least[1])) least = [key, size];
    }
    return least !== null && this.#tracked.delete(least[0]);
  }

  /**
   * Files that are written, new, or were queried long ago come first. The rest (libraries, jars, files that are read) is queried only if
   * the first ones do not explain the change of the kernel's sum. So most scans query one or two of a JVM's thirty files. What no file in sight explains
   * would ask for all of them at each scan, and use up the budget: between two rounds only those that move, or may begin to, are queried.
   */
  async #queryResidency(nowMs: number, fileBytes: number | null): Promise<void> {
    const due = new Set([...this.#tracked.values()].filter((file) => isDue(file, nowMs)));
    const before = residentSum(due);
    await this.#queryBatch(nowMs, [...due]);
    if (fileBytes !== null && this.#fileBytes !== null)
      this.#unexplained += fileBytes - this.#fileBytes - (residentSum(due) - before);
    const known = fileBytes !== null && this.#fileBytes !== null;
    this.#fileBytes = fileBytes;
    const isUnexplained = !known || isSignificantChange(this.#unexplained, fileBytes);
    if (isUnexplained) {
      this.#unexplained = 0;
      this.#isRoundWanted = true;
    }
    if (this.#isRoundWanted && this.#roundMs === null && ageMs(this.#lastRoundMs, nowMs) >= ROUND_AGAIN_MS) {
      this.#roundMs = nowMs;
      this.#lastRoundMs = nowMs;
      this.#isRoundWanted = false;
    }
    const roundMs = this.#roundMs;
    if (roundMs === null && !isUnexplained) return;
    const rest = [...this.#tracked.values()].filter((file) => !due.has(file));
    const moving = new Set(rest.flatMap(({ path, changePerMs }) => (changePerMs > 0 ? [folderOf(path)] : [])));
    const mayMove = ({ path, firstQueriedMs, queriedAtMs }: TrackedFile): boolean =>
      firstQueriedMs === queriedAtMs || moving.has(folderOf(path));
    await this.#queryBatch(
      nowMs,
      rest.filter((file) => (roundMs !== null && file.queriedAtMs < roundMs) || mayMove(file)),
    );
    if (roundMs !== null && rest.every((file) => file.queriedAtMs >= roundMs)) this.#roundMs = null;
  }

  /** Queries tracked files by priority until the budget is used up. */
  async #queryBatch(nowMs: number, files: readonly TrackedFile[]): Promise<void> {
    const moving = new Map<string, number>();
    for (const { path, changePerMs } of files) {
      const folder = folderOf(path);
      moving.set(folder, Math.max(moving.get(folder) ?? 0, changePerMs));
    }
    const priority = new Map(files.map((file) => [file, queryPriority(file, nowMs, moving.get(folderOf(file.path)))]));
    const order = [...files].sort((a, b) => priority.get(b)! - priority.get(a)!);
    for (let i = 0; i < order.length && this.#budget.left > 0; i += BATCH_FILES) {
      const batch: { file: TrackedFile; fd: number; stat: Stats }[] = [];
      let cost = 0;
      for (const file of order.slice(i, i + BATCH_FILES)) {
        if (this.#budget.left <= cost) break;
        cost += queryCost(file.stat);
        const found = this.#pinTracked(file);
        if (found === null) this.#lose(file, nowMs);
        else batch.push({ file, ...found });
      }
      try {
        const answers = await measureFiles(batch, this.#withBudget(this.#budget));
        this.#queries += batch.length;
        batch.forEach(({ file, stat }, j) => {
          file.stat = stat;
          setResidency(file, stat, answers[j]!, nowMs);
        });
      } finally {
        for (const { fd } of batch) closeSync(fd);
      }
    }
  }

  /** The file's path now names another file: the file was renamed, perhaps by a rotation, or removed. A walk of its folder shows which. */
  #lose(file: TrackedFile, nowMs: number): void {
    file.lostMs ??= nowMs;
    if (file.deleted || nowMs - file.lostMs >= FORGET_LOST_MS) this.#tracked.delete(fileKey(file.stat));
    else this.#queue.walkAgain(folderOf(file.path));
  }

  /** After a walk of the folder: a file that is no longer in it was removed, or will be found in another folder. */
  #endFolder({ path: folder, entries }: Folder, gone: boolean, nowMs: number): void {
    this.#sums.end(folder, gone, nowMs);
    const isWhole = isOpenedWhole({ entries });
    const beganMs = (isWhole ? this.#walkBeganMs.get(folder) : undefined) ?? Number.NEGATIVE_INFINITY;
    this.#walkBeganMs.delete(folder);
    for (const [key, { lostMs, path, seenMs, openBy, mapped }] of this.#tracked) {
      const isMissing = lostMs !== null || (seenMs < beganMs && openBy.length === 0 && !mapped);
      if (isMissing && folderOf(path) === folder) this.#tracked.delete(key);
    }
  }

  #withBudget(budget: WorkBudget) {
    return { residency: this.#residency, fileSystems: this.#systems, budget };
  }

  /** Pins the tracked file; null: it no longer exists, or its path now names another file. */
  #pinTracked(file: TrackedFile): { fd: number; stat: Stats } | null {
    const { dev, ino } = file.stat;
    for (const open of file.openBy) {
      const found = isSameFile(pinLink(`${this.#roots.proc}/${open.pid}`, `fd/${open.fd}`), dev, ino);
      this.#budget.spend(1);
      if (found !== null) return found;
    }
    this.#budget.spend(file.path.split('/').length);
    return file.deleted ? null : isSameFile(pinUnder(this.#root, file.path), dev, ino);
  }

  #isSearchingFolders(hint: CacheTotals | undefined): boolean {
    if (hint?.fileBytes == null) return true;
    if (hint.fileBytes < MIN_CACHE_BYTES) return false;
    const named = residentSum(this.#tracked.values()) + this.#sums.residentBytes() + this.#expectedBytes();
    return named < hint.fileBytes * EXPLAINED_SHARE || this.#isGrowthUnexplained(hint.fileBytes);
  }

  /** What moving files have probably gained since they were last queried: a large file takes several scans' budget, and need not be searched for. */
  #expectedBytes(): number {
    let sum = 0;
    for (const { residency, changePerMs, queriedAtMs, stat } of this.#tracked.values()) {
      const room = Math.max(0, allocatedBytes(stat) - (residency?.residentBytes ?? 0));
      sum += Math.min(room, changePerMs * ageMs(queriedAtMs, this.#times.nowMs));
    }
    return sum;
  }

  /**
   * Residency is node-wide: the pages of a JDK that other containers share would explain all of a small cache. So its growth since the first
   * scan is compared, too. On a host without containers a wider search would find the files of all other programs.
   */
  #isGrowthUnexplained(fileBytes: number): boolean {
    if (this.#sharesRoot) return false;
    let explained = this.#sums.ownBytes() + this.#expectedBytes();
    for (const file of this.#tracked.values()) explained += grownBytes(file, this.#times);
    this.#first ??= { fileBytes, explained };
    const grown = fileBytes - this.#first.fileBytes;
    return grown - (explained - this.#first.explained) > Math.max(MIN_CACHE_BYTES, grown * (1 - EXPLAINED_SHARE));
  }

  async #searchMore(nowMs: number, sinceLastMs: number): Promise<void> {
    const began = performance.now();
    let left = Math.min(this.#searchSaved, Math.round((sinceLastMs / SECOND_MS) * this.#limits.searchPerSecond));
    while (left > 0 && performance.now() - began < MAX_SEARCH_MS) {
      this.#folderBudget.grant(SEARCH_STEP);
      left -= SEARCH_STEP;
      this.#searchSaved -= SEARCH_STEP;
      await this.#walk.walk(nowMs, this.#folderBudget, true, this.#visitor(nowMs));
    }
  }

  #visitor(nowMs: number): FolderVisitor {
    return {
      accepts: this.#isCandidate,
      begin: (folder) => {
        this.#walkBeganMs.set(folder.path, nowMs);
        this.#sums.begin(folder.path, nowMs);
      },
      folder: (parent, stat, weight) =>
        this.#sums.addFolder(parent, stat, { weight, isOwn: stat.mtimeMs >= this.#times.processStartMs }),
      end: (folder, gone) => this.#endFolder(folder, gone, nowMs),
      files: (files) => this.#addFolderFiles(nowMs, files),
    };
  }

  /** Large files get a row each. The others are counted with their folder. */
  async #addFolderFiles(nowMs: number, files: readonly NamedFile[]): Promise<void> {
    const answers = await measureFiles(files, this.#withBudget(this.#folderBudget));
    this.#queries += files.length;
    files.forEach(({ folder, name, stat, weight }, i) => {
      const measured = answers[i]!;
      const large = Math.max(measured.residentBytes ?? 0, stat.size) >= this.#limits.largeBytes;
      const path = `${folder === '/' ? '' : folder}/${name}`;
      const file = large ? this.#track(path, stat) : null;
      if (file !== null) Object.assign(file, { path, lostMs: null } satisfies Partial<TrackedFile>);
      if (file === null) this.#sums.add(folder, stat, measured, { weight, isOwn: madeMs(stat) >= this.#times.processStartMs });
      else setResidency(file, stat, measured, nowMs);
    });
  }

  #rows(): FileReading[] {
    const rows = [
      ...[...this.#tracked.values()].map((file) => toFileReading(file, this.#times)),
      ...this.#sums.rows(this.#times),
      ...mountsOf(this.#root).remote.map(remoteRow),
      ...this.#open.unasked().slice(0, MAX_UNASKED_ROWS).map(unaskedRow),
    ];
    return rows.sort((a, b) => (b.residentBytes ?? -1) - (a.residentBytes ?? -1) || (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
  }
}

/** What a file has in memory that it did not have before: all of it if the container wrote it. */
function grownBytes({ residency, stat, firstResidentBytes }: TrackedFile, { processStartMs }: ScanTimes): number {
  const resident = residency?.residentBytes ?? 0;
  return madeMs(stat) >= processStartMs ? resident : Math.max(0, resident - firstResidentBytes);
}

const residentSum = (files: Iterable<TrackedFile>): number => {
  let sum = 0;
  for (const file of files) sum += file.residency?.residentBytes ?? 0;
  return sum;
};

function setResidency(file: TrackedFile, stat: Stats, measured: FileResidency, nowMs: number): void {
  const moved = Math.abs((measured.residentBytes ?? 0) - (file.residency?.residentBytes ?? 0));
  // A walk of its folder may measure it again in the same scan, which says nothing of its pace.
  const sinceMs = ageMs(file.queriedAtMs, nowMs);
  if (sinceMs > 0) file.changePerMs = file.residency === null ? 0 : moved / sinceMs;
  file.residency = measured;
  file.queriedAtMs = nowMs;
  if (file.firstQueriedMs === null) file.firstResidentBytes = measured.residentBytes ?? 0;
  file.firstQueriedMs ??= nowMs;
  file.allocatedAtQuery = allocatedBytes(stat);
  file.mtimeAtQuery = stat.mtimeMs;
}

/** A mount of which no file is asked: it says so instead of being absent. */
const mountRow = (reason: string, openBy: FileReading['openBy']): FileReading => ({
  kind: 'unqueried',
  path: '',
  files: openBy.length,
  ...{ sizeBytes: null, allocatedBytes: null, residentBytes: null, dirtyBytes: null, mtimeMs: null },
  residency: { state: 'unknown', reason },
  openBy,
  deleted: false,
  fileSystem: null,
});

const remoteRow = ({ path, type }: { readonly path: string; readonly type: string }): FileReading =>
  mountRow(
    `${bounded(decodePath(path))} is a mount of type ${bounded(type, 40)}, which may never answer: its files are not asked`,
    [],
  );

const unaskedRow = ({ path, openBy }: UnaskedMount): FileReading =>
  mountRow(
    `${bounded(decodePath(path))} is open on a mount that was taken away (umount -l), that another mount hides, or that the container does not have: it may never answer, so what is open there is not asked`,
    openBy,
  );

const isLibraryPath = (path: string): boolean => /\.so[.\d]*$|\/lib\/modules$/.test(path);

const folderOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

function isSameFile(found: PinResult, dev: number, ino: number): { fd: number; stat: Stats } | null {
  if (found.state === 'refused') return null;
  if (found.stat.isFile() && found.stat.dev === dev && found.stat.ino === ino) return found;
  closeSync(found.fd);
  return null;
}

function sharesOurRoot(root: string): boolean {
  try {
    const [targetRoot, own] = [statSync(root), statSync('/')];
    return targetRoot.dev === own.dev && targetRoot.ino === own.ino;
  } catch (error) {
    if (!isAbsence(error) && !isDenied(error)) throw error;
    codeOf(error);
    return false;
  }
}

/** Start of a process, epoch ms, minus 2 s because btime is in whole seconds. USER_HZ is 100 on all architectures of Node. */
function startMs(procRoot: string, startTicks: number): number {
  const boot = Number(/^btime (\d+)/m.exec(readText(`${procRoot}/stat`) ?? '')?.[1] ?? 0);
  return boot * SECOND_MS + startTicks * 10 - 2000;
}
