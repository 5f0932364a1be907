import { randomUUID } from 'node:crypto';
import { constants, readFileSync, readlinkSync } from 'node:fs';
import { lstat, open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { readStartTicks } from '../../sources/process/procfs.ts';
import { SECOND_MS } from '../../units.ts';
import { StoreError } from './store-error.ts';

/** The holder renews its lock so often, whatever the time between samples is. */
export const RENEW_MS = 10 * SECOND_MS;
/** A tick that is early by less renews it as well. */
const EARLY_SHARE = 0.1;
/** Where each tick renews it, a timer does only if none has for so long. */
export const LATE_MS = 20 * SECOND_MS;
/** A lock that was not renewed for so long has no holder any more, unless the kernel shows that it has. */
export const STALE_MS = 35 * SECOND_MS;

/** Another process that replaces a stale lock needs some milliseconds, and some seconds on a slow volume. */
const [RETRY_MS, MAX_ATTEMPTS] = [50, 100];

/** Another memhound may hold the lock: where it runs, its process cannot be seen. Only time tells. */
export class LockUncertainError extends Error {
  override name = 'LockUncertainError';
}

/** Who holds a lock. A pid says who only in its pid namespace, and until the next boot. */
interface Holder {
  readonly pid: number;
  readonly start: string;
  readonly id: string;
  /** `pid:[4026531836]`; '' in locks of 0.2.0 and before. */
  readonly namespace: string;
  readonly boot: string;
}

/**
 * The right to write to a folder. Two processes would overwrite each other. Who works on the folder often enough renews it then (`renewIfDue`):
 * a timer for each renewal would wake the process once more in each ten seconds. A timer renews it only if nobody has for `renewAfterMs`.
 */
export class FolderLock {
  readonly #path: string;
  readonly #text: string;
  #timer: NodeJS.Timeout | null;
  #lost = false;
  #isRenewing = false;
  #renewedAtMs = performance.now();
  /** The file, as it was renewed last; null: not renewed yet. */
  #renewed: { readonly ino: number; readonly mtimeMs: number } | null = null;

  private constructor(path: string, text: string, renewAfterMs: number) {
    this.#path = path;
    this.#text = text;
    this.#timer = setTimeout(() => void this.#renew(), renewAfterMs);
    this.#timer.unref();
  }

  /** False: another has taken it, as after a long standstill of this process. */
  get isHeld(): boolean {
    return !this.#lost;
  }

  /** @throws StoreError it is held; LockUncertainError it may be; or as the volume fails */
  static async acquire(dir: string, { renewAfterMs = RENEW_MS } = {}): Promise<FolderLock> {
    const path = join(dir, 'lock');
    const holder = ownHolder();
    const text = JSON.stringify(holder);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (await createLock(path, text)) return new FolderLock(path, text, renewAfterMs);
      const found = await readLock(path);
      await throwIfHeld(dir, path, found, holder.id);
      if (await replaceLock(path, found, holder, text)) return new FolderLock(path, text, renewAfterMs);
      await later(RETRY_MS);
    }
    throw new StoreError(
      `--data ${dir}: another process keeps taking its lock; check whether another memhound restarts with this folder`,
      1,
    );
  }

  /** Renews it if that was long ago. `isHeld` then says whether it is still there. */
  async renewIfDue(nowMs = performance.now()): Promise<void> {
    if (nowMs - this.#renewedAtMs >= RENEW_MS * (1 - EARLY_SHARE)) await this.#renew(nowMs);
  }

  async #renew(nowMs = performance.now()): Promise<void> {
    this.#timer?.refresh();
    if (this.#isRenewing) return; // the volume does not answer: see BoundedVolume
    this.#isRenewing = true;
    this.#renewedAtMs = nowMs;
    try {
      const { ino, mtimeMs } = await lstat(this.#path);
      const before = this.#renewed;
      // Only this process sets this time. A file may get the inode of one that was removed.
      const isKnown = before !== null && ino === before.ino && Math.abs(mtimeMs - before.mtimeMs) < 1;
      if (!isKnown && (await readLock(this.#path)) !== this.#text) {
        this.#lost = true;
        return;
      }
      const now = new Date();
      await utimes(this.#path, now, now);
      this.#renewed = { ino, mtimeMs: now.getTime() };
    } catch {
      this.#lost = true; // the disk is sick, or the folder was deleted: who takes the lock again is told so
    } finally {
      this.#isRenewing = false;
    }
  }

  /** After the folder was deleted, or was given up. */
  abandon(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  async release(): Promise<void> {
    this.abandon();
    if ((await readLock(this.#path)) === this.#text) await rm(this.#path, { force: true });
  }
}

async function createLock(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** A lock has some 200 bytes. */
const MAX_LOCK_BYTES = 4096;

/** null: there is none, or something else than a file that can be read. Never on the main thread: the volume may not answer. */
async function readLock(path: string): Promise<string | null> {
  try {
    // A FIFO in its place would wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return null;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_LOCK_BYTES), 0, MAX_LOCK_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return null; // if the volume cannot be read, it cannot be written either, which is reported
  }
}

async function throwIfHeld(dir: string, path: string, text: string | null, id: string): Promise<void> {
  const holder = parseLock(text ?? '');
  const ours = ownHolder();
  // A lock of 0.2.0 or before says neither boot nor namespace: its pid is all there is to go by.
  if (holder !== null && (holder.boot === '' || (holder.boot === ours.boot && holder.namespace === ours.namespace))) {
    if (holder.pid === process.pid || startOf(holder.pid) !== holder.start) return;
    throw new StoreError(
      `--data ${dir}: memhound pid ${holder.pid} already writes to this folder; stop it, or choose another folder`,
      1,
    );
  }
  const agoMs = await sinceRenewal(path, id);
  if (agoMs === null || agoMs > STALE_MS) return;
  throw new LockUncertainError(
    `--data ${dir}: a memhound in another pod or container wrote there ${Math.round(agoMs / SECOND_MS)} s ago; history is stored as soon as it has been silent for ${STALE_MS / SECOND_MS} s`,
  );
}

/** By the clock of the volume, which may be that of another machine; null: there is no lock any more, or it is no file. */
async function sinceRenewal(path: string, id: string): Promise<number | null> {
  const probe = `${path}.${id}`;
  try {
    await writeFile(probe, '');
    const [now, then] = [await stat(probe), await stat(path)];
    return then.isFile() ? Math.max(0, now.mtimeMs - then.mtimeMs) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

/**
 * Puts an own lock in the place of a stale one. Between the look at a lock and its removal another process may have replaced it, so only who
 * has made the second file, `lock.taking`, may replace it, after another look. The path is never empty meanwhile, so nobody creates a lock
 * there. False: another process replaces it, or it has changed.
 */
async function replaceLock(path: string, stale: string | null, { id }: Holder, text: string): Promise<boolean> {
  const taking = `${path}.taking`;
  if (!(await createLock(taking, text))) {
    await removeAbandoned(taking, id);
    return false;
  }
  const made = `${path}.${id}.new`;
  try {
    if ((await readLock(path)) !== stale || (stale === null && !(await exists(path)))) return false;
    await writeFile(made, text);
    await rename(made, path);
    return true;
  } finally {
    await rm(made, { force: true });
    if ((await readLock(taking)) === text) await rm(taking, { force: true });
  }
}

/** A process that was killed while it replaced a lock has left its second file. */
async function removeAbandoned(taking: string, id: string): Promise<void> {
  const text = await readLock(taking);
  const holder = parseLock(text ?? '');
  const ours = ownHolder();
  const isSeen = holder !== null && holder.boot === ours.boot && holder.namespace === ours.namespace;
  if (isSeen ? startOf(holder.pid) === holder.start : ((await sinceRenewal(taking, id)) ?? 0) <= STALE_MS) return;
  const aside = `${taking}.${id}`;
  // Only one of several processes can move it away.
  await rename(taking, aside).catch(() => undefined); // another one was quicker
  await rm(aside, { force: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function parseLock(text: string): Holder | null {
  try {
    const { pid, start, id = '', namespace = '', boot = '' } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start, id, namespace, boot } : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

const ownHolder = (): Holder => ({
  pid: process.pid,
  start: startOf(process.pid),
  id: randomUUID(),
  namespace: readlinkSync('/proc/self/ns/pid'),
  boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
});

/** Start time of a process in clock ticks after boot; '': it has ended. With the pid it distinguishes the lock's process from a reused pid. */
const startOf = (pid: number): string => String(readStartTicks('/proc', pid) ?? '');
