import { closeSync, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { codeOf, pinLink } from '../process/pinned-path.ts';
import { withoutDeletedMark } from '../process/proc-paths.ts';
import { descriptorSlots } from '../process/procfs.ts';
import { isAbsence, isDenied, readRecord, readText } from '../process/read-text.ts';
import { isRemoteMount, type Mounts, mountIdIn, mountsOf } from '../process/remote-mounts.ts';
import type { OpenDescriptor } from '../types.ts';
import type { WorkBudget } from './work-budget.ts';

/** A regular file that a process holds open. `path` (a byte string) is the kernel's text, which is the path inside the container. */
export interface OpenFile extends OpenDescriptor {
  readonly path: string;
  /** The kernel's text as it is, by which a descriptor that was opened again is known. */
  readonly link: string | typeof TOO_LONG;
  readonly stat: Stats;
  readonly deleted: boolean;
}

/**
 * What is open on one mount that may never answer, and of which no list of the container's mounts tells: `umount -l` took it out, another
 * mount hides it, or it is in the namespace of one process.
 */
export interface UnaskedMount {
  /** A byte string: the first file that was seen there. */
  readonly path: string;
  readonly openBy: readonly OpenDescriptor[];
}

const TOO_LONG = Symbol('a path of more than a page, for which the kernel returns no text');

/** What /proc/PID/fdinfo tells of a descriptor. */
interface FdInfo {
  readonly mode: OpenDescriptor['mode'];
  readonly mountId: number;
}

/** Maximum of remembered descriptors per process that were not looked at. */
const MAX_UNASKED = 64;
/** Maximum of remembered files per process. Each takes about 500 bytes. */
const MAX_KNOWN = 2000;
/**
 * With a table of at most this many, the open descriptors are listed at each scan: one call instead of one for each number that is free. The kernel
 * keeps some 800 bytes for each that is open, as for one that is looked at.
 */
const MOST_LISTED = 1024;
/**
 * With a larger one numbers are tried. The kernel allocates the lowest free descriptor (open(2)), so a program with 20 descriptors in a table of 256 leaves the rest empty. In
 * most rounds only this many numbers beyond the highest open one are tried; every eighth round tries all of them.
 */
const PROBE_BEYOND = 16;
/**
 * Whatever the turn, each scan tries the numbers from the lowest free one on, until so many in a row are free: there lies what a program has opened
 * since and keeps open.
 */
const FREE_BEYOND_NEWEST = 3;
const MAX_NEWEST = 32;
const NEWEST_OVER_BUDGET = 8;
const FULL_SCAN_EVERY = 8;

/**
 * Over budget this many numbers are tried in each scan, and as many files looked at that were written last: with a few hundred files that are
 * written or deleted, a look at all of them costs more than a scan adds, and no new file would ever be found.
 */
const NUMBERS_OVER_BUDGET = 16;
const WRITTEN_OVER_BUDGET = 8;
/** Operations. With more debt than this, which many processes may bring, what is known of the rest of them stands for a scan. */
const MAX_DEBT = 2000;

/** The state of one process: the number at which to continue, the known files by descriptor number, and the highest numbers. */
interface KnownDescriptors {
  next: number;
  readonly files: Map<number, OpenFile>;
  /** Descriptors that were not looked at, by number. */
  readonly unasked: Map<number, { readonly mountId: number; readonly path: string; readonly open: OpenDescriptor }>;
  /** Highest number that was open in the last round, or in this one so far. */
  top: number;
  highest: number;
  rounds: number;
  /** The lowest number that was free when it was tried last. */
  lowestFree: number;
  /** The number that was tried last was free. */
  wasFree: boolean;
}

/**
 * The regular files that processes hold open. No file is opened: the kernel's link is followed to the inode. Descriptors are tried by number
 * up to FDSize. Those of a large table are not listed, because listing 100,000 of them makes the kernel create as many dentries, which are charged to
 * memhound.
 * Each scan checks the files that are written or deleted, those written last if they are many. It checks the others in turn: a limited count of
 * numbers per scan, shared by the processes.
 */
export class OpenFiles {
  readonly #proc: string;
  readonly #numbers: number;
  #window = 0;
  #processes = 1;
  #turn = -1;
  #first = true;
  readonly #known = new Map<number, KnownDescriptors>();
  /** Files found in this scan that exceed the number that is remembered. */
  #notRemembered: OpenFile[] = [];
  /** Of the process that is being scanned. */
  #mounts: Mounts | null = null;
  /** Numbers that the process being scanned has open; null: not listed. */
  #open: ReadonlySet<number> | null = null;
  /** Of the first process of the scan. Those of them that may never answer have rows. */
  #named: Mounts | null = null;
  /** The path by which a mount is named, as long as anything is open there. */
  #unaskedPaths = new Map<number, string>();
  /** Processes whose descriptors memhound has no permission to read. */
  readonly denied = new Set<number>();

  constructor(procRoot: string, numbers: number) {
    this.#proc = procRoot;
    this.#numbers = numbers;
  }

  scan(pids: readonly number[], budget: WorkBudget): OpenFile[] {
    for (const pid of this.#known.keys()) if (!pids.includes(pid)) this.#known.delete(pid);
    this.denied.clear();
    this.#window = Math.max(16, Math.floor((this.#numbers * (this.#first ? 10 : 1)) / Math.max(1, pids.length)));
    this.#first = false;
    this.#named = pids[0] === undefined ? null : mountsOf(`${this.#proc}/${pids[0]}/root`);
    this.#processes = Math.max(1, pids.length);
    this.#notRemembered = [];
    // Each process has its turn to be the first, so that none is left out for good.
    this.#turn = (this.#turn + 1) % this.#processes;
    for (const pid of [...pids.slice(this.#turn), ...pids.slice(0, this.#turn)]) {
      try {
        if (budget.left > -MAX_DEBT || !this.#known.has(pid)) this.#scanOne(pid, budget);
      } catch (error) {
        if (isDenied(error)) this.denied.add(pid);
        else if (!isAbsence(error)) throw error;
        this.#known.delete(pid);
      }
    }
    const found: OpenFile[] = [];
    for (const pid of pids) for (const file of this.#known.get(pid)?.files.values() ?? []) found.push(file);
    for (const file of this.#notRemembered) found.push(file);
    return found;
  }

  /** As of the last scan. */
  unasked(): UnaskedMount[] {
    const mounts = new Map<number, { readonly path: string; readonly openBy: OpenDescriptor[] }>();
    for (const { unasked } of this.#known.values())
      for (const { mountId, path, open } of unasked.values()) {
        const mount = mounts.get(mountId) ?? { path: this.#unaskedPaths.get(mountId) ?? path, openBy: [] };
        mounts.set(mountId, mount);
        mount.openBy.push(open);
      }
    this.#unaskedPaths = new Map(Array.from(mounts, ([id, { path }]) => [id, path]));
    return [...mounts.values()];
  }

  #scanOne(pid: number, budget: WorkBudget): void {
    this.#mounts = mountsOf(`${this.#proc}/${pid}/root`);
    const known = this.#known.get(pid) ?? {
      next: 0,
      files: new Map(),
      unasked: new Map(),
      top: 0,
      highest: 0,
      rounds: 0,
      lowestFree: 0,
      wasFree: false,
    };
    this.#known.set(pid, known);
    const slots = descriptorSlots(this.#proc, pid);
    this.#open = slots <= MOST_LISTED ? openDescriptors(`${this.#proc}/${pid}`) : null;
    // A program that opens files faster than a round ends has some beyond the highest of the last one: then further numbers are tried.
    const probed = Math.max(known.top, known.highest) + 1 + PROBE_BEYOND;
    const mayBeOpen = known.rounds % FULL_SCAN_EVERY === 0 ? slots : Math.min(slots, probed);
    const end = this.#open === null ? mayBeOpen : Math.max(-1, ...this.#open) + 1;
    if (this.#open !== null) for (const fd of known.files.keys()) if (!this.#open.has(fd)) known.files.delete(fd);
    const from = known.next < end ? known.next : 0;
    const [tried, looked] =
      budget.left > 0
        ? [this.#window, this.#window / 2]
        : [atLeast(2, NUMBERS_OVER_BUDGET / this.#processes), atLeast(1, WRITTEN_OVER_BUDGET / this.#processes)];
    const to = Math.min(end, from + tried);
    const numbers = new Set(writtenLast([...known.files.values()].filter(isRelevant), looked));
    for (const fd of known.unasked.keys()) if (numbers.size < looked) numbers.add(fd); // it may be closed by now
    for (let fd = from; fd < to; fd++) numbers.add(fd);
    budget.spend(numbers.size + 1);
    for (const fd of numbers) this.#look(pid, fd, known, budget);
    this.#lookAtNewest(pid, slots, known, budget);
    known.next = to < end ? to : 0;
    if (to < end || to === from) return;
    known.top = known.highest;
    known.highest = 0;
    known.rounds++;
  }

  #look(pid: number, fd: number, known: KnownDescriptors, budget: WorkBudget): void {
    const file = this.#statDescriptor(pid, fd, known, budget);
    if (file === null) known.files.delete(fd);
    else if (known.files.has(fd) || known.files.size < MAX_KNOWN || evictSmaller(known.files, file)) known.files.set(fd, file);
    else this.#notRemembered.push(file);
    if (known.wasFree) known.lowestFree = Math.min(known.lowestFree, fd);
  }

  #lookAtNewest(pid: number, slots: number, known: KnownDescriptors, budget: WorkBudget): void {
    let left = budget.left > 0 ? MAX_NEWEST : atLeast(1, NEWEST_OVER_BUDGET / this.#processes);
    let fd = known.lowestFree;
    let lowestFree: number | null = null;
    for (let freeInRow = 0; fd < slots && left > 0 && freeInRow < FREE_BEYOND_NEWEST; fd++) {
      if (known.files.has(fd)) continue;
      left--;
      budget.spend(1);
      this.#look(pid, fd, known, budget);
      freeInRow = known.wasFree ? freeInRow + 1 : 0;
      if (known.wasFree) lowestFree ??= fd;
    }
    known.lowestFree = lowestFree ?? fd;
  }

  #statDescriptor(pid: number, fd: number, known: KnownDescriptors, budget: WorkBudget): OpenFile | null {
    known.unasked.delete(fd);
    if (this.#open?.has(fd) === false) {
      known.wasFree = true;
      return null;
    }
    const link = `${this.#proc}/${pid}/fd/${fd}`;
    // The kernel returns the text of a link from its own memory, whatever file system the file is on.
    // Free numbers lie together, and the error of a call takes the time of two.
    const isTried = this.#open === null && known.wasFree;
    const name = isTried && lstatSync(link, { throwIfNoEntry: false }) === undefined ? null : linkText(link);
    known.wasFree = name === null;
    if (name === null) return null;
    known.highest = Math.max(known.highest, fd);
    // Files of /proc and /sys are regular files too, but have no page cache.
    if (name !== TOO_LONG && (!name.startsWith('/') || /^\/(?:proc|sys)\//.test(name))) return null;
    if (name !== TOO_LONG && this.#mounts!.isRemotePath(name)) {
      if (!this.#named!.isRemotePath(name)) this.#leaveUnasked(known, pid, fd, name, this.#info(pid, fd, budget));
      return null;
    }
    const before = known.files.get(fd);
    // Another mount may hide the one of an open file, so its path does not tell all. Even a look at the inode would wait for some (NFS).
    const info = before?.link === name ? null : this.#info(pid, fd, budget);
    if (info !== null && isRemoteMount(info.mountId, `${this.#proc}/${pid}`)) {
      this.#leaveUnasked(known, pid, fd, name, info);
      return null;
    }
    const found = pinLink(`${this.#proc}/${pid}`, `fd/${fd}`);
    if (found.state === 'refused') {
      if (found.code === 'EREMOTE') this.#leaveUnasked(known, pid, fd, name, info ?? this.#info(pid, fd, budget));
      return null;
    }
    closeSync(found.fd);
    const { stat } = found;
    if (!stat.isFile()) return null;
    budget.spend(2);
    const text = name === TOO_LONG ? (before?.path ?? `/(a path of more than 4,096 bytes, inode ${stat.ino})`) : name;
    const deleted = stat.nlink === 0;
    const path = deleted ? withoutDeletedMark(text).path : text;
    const same = before !== undefined && before.stat.ino === stat.ino && before.stat.dev === stat.dev;
    return { path, link: name, stat, deleted, pid, fd, mode: same ? before.mode : (info ?? this.#info(pid, fd, budget)).mode };
  }

  #leaveUnasked(
    known: KnownDescriptors,
    pid: number,
    fd: number,
    name: string | typeof TOO_LONG,
    { mode, mountId }: FdInfo,
  ): void {
    if (known.unasked.size >= MAX_UNASKED) return;
    const path = name === TOO_LONG ? '/(a path of more than 4,096 bytes)' : withoutDeletedMark(name).path;
    known.unasked.set(fd, { mountId, path, open: { pid, fd, mode } });
  }

  /** From the octal `flags:` of fdinfo: the two lowest bits are O_RDONLY 0, O_WRONLY 1, O_RDWR 2. */
  #info(pid: number, fd: number, budget: WorkBudget): FdInfo {
    budget.spend(3);
    const text = readText(`${this.#proc}/${pid}/fdinfo/${fd}`, readRecord) ?? '';
    const flags = /^flags:\s*([0-7]+)/m.exec(text)?.[1];
    const access = flags === undefined ? 0 : Number.parseInt(flags, 8) & 3;
    return { mode: access === 1 ? 'w' : access === 2 ? 'rw' : 'r', mountId: mountIdIn(text) };
  }
}

/** null: there is no such descriptor. @throws if access is denied */
function linkText(link: string): string | typeof TOO_LONG | null {
  try {
    return readlinkSync(link, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENAMETOOLONG') return TOO_LONG;
    if (isAbsence(error)) return null;
    throw error;
  }
}

const atLeast = (least: number, value: number): number => Math.max(least, Math.floor(value));

/** At most `count` of these files, those that were written last. */
function writtenLast(files: OpenFile[], count: number): number[] {
  if (files.length > count) files.sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs);
  return files.slice(0, count).map(({ fd }) => fd);
}

const isRelevant = (file: OpenFile): boolean => file.mode !== 'r' || file.deleted;

/** Replaces a file that is only read by one that is written or deleted. */
function evictSmaller(files: Map<number, OpenFile>, file: OpenFile): boolean {
  if (!isRelevant(file)) return false;
  for (const [fd, other] of files) if (!isRelevant(other)) return files.delete(fd);
  return false;
}

/** Empty if the process has ended. */
const openDescriptors = (process: string): ReadonlySet<number> => {
  try {
    return new Set(readdirSync(`${process}/fd`).map(Number));
  } catch (error) {
    if (isAbsence(error)) return new Set();
    throw error;
  }
};
