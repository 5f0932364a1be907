import { closeSync, type Stats, statSync } from 'node:fs';
import { ageMs } from '../../clock.ts';
import { MIB, MINUTE_MS, SECOND_MS } from '../../units.ts';
import { parseMappedFiles } from '../mappings/mapped-files.ts';
import { pinUnder } from '../process/pinned-path.ts';
import { readArguments } from '../process/procfs.ts';
import { isAbsence, isDenied, readText } from '../process/read-text.ts';
import { knowShmemMount, mountsOf } from '../process/remote-mounts.ts';
import type { FileReading, ProcessRef, Roots } from '../types.ts';
import { FileSet } from './file-set.ts';
import { FileSystems } from './file-systems.ts';
import { argumentFolders, folderCandidates } from './folder-candidates.ts';
import { type Folder, FolderQueue } from './folder-queue.ts';
import { FolderSums } from './folder-sums.ts';
import { type FolderVisitor, FolderWalk, isOpenedWhole, type NamedFile } from './folder-walk.ts';
import { allocatedBytes, type FileResidency, measureFiles, type PinnedFile } from './measure-files.ts';
import { remoteRow, unaskedRow } from './mount-rows.ts';
import { OpenFiles } from './open-files.ts';
import { Residency } from './residency.ts';
import { readPermission } from './residency-permission.ts';
import { ResidencyRounds } from './residency-rounds.ts';
import {
  folderOf,
  grownBytes,
  madeMs,
  residentSum,
  type ScanTimes,
  setResidency,
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
  readonly #tracked: FileSet;
  readonly #rounds: ResidencyRounds;
  readonly #isCandidate: (stat: Stats) => boolean;
  /** When the walk of a folder began that is not at its end. */
  readonly #walkBeganMs = new Map<string, number>();
  #mapsAtMs = Number.NEGATIVE_INFINITY;
  #times: ScanTimes;
  #scans = 0;
  /** Residency queries in walks of folders. */
  #folderQueries = 0;
  #searchSaved: number;
  readonly #sharesRoot: boolean;
  /** The cgroup's `file` and the part of it that files in sight explain, when it first was worth a search. */
  #first: { readonly fileBytes: number; readonly explained: number } | null = null;
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
    this.#tracked = new FileSet(this.#limits.files);
    this.#rounds = new ResidencyRounds({
      proc: options.roots.proc,
      root: this.#root,
      files: this.#tracked,
      budget: this.#budget,
      measure: (files) => this.#measure(files, this.#budget),
      onLost: (file) => this.#lose(file),
    });
    const shared = sharesOurRoot(this.#root);
    this.#sharesRoot = shared;
    const processStartMs = startMs(options.roots.proc, options.process.startTicks);
    this.#times = { nowMs: 0, firstScanMs: 0, processStartMs, fileSystemOf: (dev) => this.#systems.newest(dev) };
    const since = shared ? processStartMs : null;
    // On a host without containers, all programs share the folders. Only files changed since this program started can be its own.
    this.#isCandidate = (stat) => {
      const known = this.#tracked.get(stat);
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
    await this.#rounds.query(nowMs, hint?.fileBytes ?? null);
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
      residencyQueries: this.#rounds.queries + this.#folderQueries,
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
    for (const file of this.#tracked) file.openBy = [];
    for (const open of this.#open.scan(pids, this.#openBudget)) {
      const file = this.#tracked.track(open.path, open.stat, this.#times.nowMs);
      if (file === null) continue;
      file.path = open.path;
      file.stat = open.stat;
      file.deleted = open.deleted;
      file.openBy.push(open);
      if (open.mode !== 'r') this.#queue.add(folderOf(open.path), 'hot');
    }
    this.#tracked.deleteGone();
  }

  #scanMappedFiles(): void {
    for (const pid of [this.#process.pid, ...this.#pids()].slice(0, this.#limits.mapsPids)) {
      for (const mapped of this.#mappedFilesOf(pid)) {
        this.#budget.spend(mapped.path.split('/').length);
        // A mapped file that was deleted has no name, and /proc/PID/map_files needs a capability.
        const found = mapped.deleted ? null : pinUnder(this.#root, mapped.path);
        if (found?.state !== 'pinned') continue;
        if (found.stat.isFile()) {
          const file = this.#tracked.track(mapped.path, found.stat, this.#times.nowMs);
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

  /** The file's path now names another file: the file was renamed, perhaps by a rotation, or removed. A walk of its folder shows which. */
  #lose(file: TrackedFile): void {
    file.lostMs ??= this.#times.nowMs;
    if (file.deleted || this.#times.nowMs - file.lostMs >= FORGET_LOST_MS) this.#tracked.delete(file);
    else this.#queue.walkAgain(folderOf(file.path));
  }

  #endFolder({ path: folder, entries }: Folder, gone: boolean, nowMs: number): void {
    this.#sums.end(folder, gone, nowMs);
    const beganMs = isOpenedWhole({ entries }) ? this.#walkBeganMs.get(folder) : undefined;
    this.#walkBeganMs.delete(folder);
    this.#tracked.deleteMissing(folder, beganMs ?? Number.NEGATIVE_INFINITY);
  }

  #measure(files: readonly PinnedFile[], budget: WorkBudget): Promise<FileResidency[]> {
    return measureFiles(files, { residency: this.#residency, fileSystems: this.#systems, budget });
  }

  #isSearchingFolders(hint: CacheTotals | undefined): boolean {
    if (hint?.fileBytes == null) return true;
    if (hint.fileBytes < MIN_CACHE_BYTES) return false;
    const named = residentSum(this.#tracked) + this.#sums.residentBytes() + this.#expectedBytes();
    return named < hint.fileBytes * EXPLAINED_SHARE || this.#isGrowthUnexplained(hint.fileBytes);
  }

  /** What moving files have probably gained since they were last queried: a large file takes several scans' budget, and need not be searched for. */
  #expectedBytes(): number {
    let sum = 0;
    for (const { residency, changePerMs, queriedAtMs, stat } of this.#tracked) {
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
    for (const file of this.#tracked) explained += grownBytes(file, this.#times);
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
    const answers = await this.#measure(files, this.#folderBudget);
    this.#folderQueries += files.length;
    files.forEach(({ folder, name, stat, weight }, i) => {
      const measured = answers[i]!;
      const large = Math.max(measured.residentBytes ?? 0, stat.size) >= this.#limits.largeBytes;
      const path = `${folder === '/' ? '' : folder}/${name}`;
      const file = large ? this.#tracked.track(path, stat, nowMs) : null;
      if (file !== null) Object.assign(file, { path, lostMs: null } satisfies Partial<TrackedFile>);
      if (file === null) this.#sums.add(folder, stat, measured, { weight, isOwn: madeMs(stat) >= this.#times.processStartMs });
      else setResidency(file, stat, measured, nowMs);
    });
  }

  #rows(): FileReading[] {
    const rows = [
      ...[...this.#tracked].map((file) => toFileReading(file, this.#times)),
      ...this.#sums.rows(this.#times),
      ...mountsOf(this.#root).remote.map(remoteRow),
      ...this.#open.unasked().slice(0, MAX_UNASKED_ROWS).map(unaskedRow),
    ];
    return rows.sort((a, b) => (b.residentBytes ?? -1) - (a.residentBytes ?? -1) || (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0));
  }
}

const isLibraryPath = (path: string): boolean => /\.so[.\d]*$|\/lib\/modules$/.test(path);

function sharesOurRoot(root: string): boolean {
  try {
    const [targetRoot, own] = [statSync(root), statSync('/')];
    return targetRoot.dev === own.dev && targetRoot.ino === own.ino;
  } catch (error) {
    if (!isAbsence(error) && !isDenied(error)) throw error;
    return false;
  }
}

/** Start of a process, epoch ms, minus 2 s because btime is in whole seconds. USER_HZ is 100 on all architectures of Node. */
function startMs(procRoot: string, startTicks: number): number {
  const boot = Number(/^btime (\d+)/m.exec(readText(`${procRoot}/stat`) ?? '')?.[1] ?? 0);
  return boot * SECOND_MS + startTicks * 10 - 2000;
}
