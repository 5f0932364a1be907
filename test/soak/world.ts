import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { MIB } from '../../src/units.ts';
import { MadeTree } from '../support/made-tree.ts';
import { unmount } from '../support/unmount.ts';

const VOLUME_MIB = 24;

/** The volume of the history: a small tmpfs of its own, so that it can be full and read-only. */
export class Volume {
  readonly #mount = mkdtempSync(join(tmpdir(), 'memhound-soak-'));
  readonly dir = join(this.#mount, 'data');
  readonly #aside = join(this.#mount, 'aside');
  readonly #copy = join(this.#mount, 'copy');
  readonly #unread = join(this.#mount, 'unread');
  #unreadable: string | null = null;

  constructor() {
    mount('-t', 'tmpfs', '-o', `size=${VOLUME_MIB}m`, 'tmpfs', this.#mount);
  }

  /** The kernel refuses it while a file is open for writing, as for the renewal of the lock. */
  async setReadOnly(on: boolean): Promise<void> {
    for (let tries = 0; ; tries++)
      try {
        return mount('-o', `remount,${on ? 'ro' : 'rw'}`, this.#mount);
      } catch (error) {
        if (tries >= 100 || !/busy/.test((error as Error).message)) throw error;
        await turn();
      }
  }

  fill(): void {
    const rest = spawnSync('dd', ['if=/dev/zero', `of=${join(this.#mount, 'rest')}`, 'bs=64k']);
    if (rest.status === 0) throw new Error('dd: expected that the volume is full');
  }

  free(): void {
    rmSync(join(this.#mount, 'rest'), { force: true });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A file stands where the folder was. */
  replaceByFile(): void {
    renameSync(this.dir, this.#aside);
    writeFileSync(this.dir, 'no folder');
  }

  restoreFolder(): void {
    rmSync(this.dir);
    renameSync(this.#aside, this.dir);
  }

  /** Each read of it fails with EIO, as on a sick disk. */
  makeUnreadable(path: string): void {
    renameSync(path, this.#unread);
    symlinkSync('/proc/self/mem', path);
    this.#unreadable = path;
  }

  /** It may be too old meanwhile, and be gone. */
  makeReadable(): void {
    if (this.#unreadable === null) return;
    if (lstatSync(this.#unreadable, { throwIfNoEntry: false }) === undefined) rmSync(this.#unread);
    else renameSync(this.#unread, this.#unreadable);
    this.#unreadable = null;
  }

  /** Keeps the files as a kill at this moment would leave them. The folder may have been deleted, and not be made again yet. */
  freeze(): void {
    if (existsSync(this.dir)) copyFolder(this.dir, this.#copy);
  }

  takeFrozen(): void {
    rmSync(this.dir, { recursive: true, force: true });
    if (existsSync(this.#copy)) renameSync(this.#copy, this.dir);
  }

  close(): void {
    unmount(this.#mount);
    rmSync(this.#mount, { recursive: true });
  }
}

/** A file that is renamed meanwhile, as a temporary one, is left out. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, copy);
    else
      try {
        const { atime, mtime } = statSync(source);
        copyFileSync(source, copy);
        utimesSync(copy, atime, mtime);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
  }
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}

/** A container with a JVM and the memory that each of its runs has. Within a run memory is steady, so no verdict may say that it leaks. */
export class Container {
  readonly tree = new MadeTree();
  #pid = 10;
  #startTicks = 100;
  #oomKills = 0;
  #anonMiB = 200;
  alive = false;
  /** What becomes of the text of memory.stat; null: nothing. */
  stat: ((right: string) => string) | null = null;

  /** Tells its runs apart. */
  get startTicks(): number {
    return this.#startTicks;
  }

  start(anonMiB: number, { samePid = false } = {}): void {
    if (!samePid) this.#pid = 10 + ((this.#pid - 9) % 50);
    this.#startTicks += 100;
    this.#anonMiB = anonMiB;
    this.alive = true;
    const { tree } = this;
    tree.run({ pid: this.#pid, startTicks: this.#startTicks, rssMiB: anonMiB, group: 'app', container: 'app' });
    tree.setOomKills(this.#pid, this.#oomKills);
  }

  end(): void {
    this.tree.end(this.#pid);
    this.alive = false;
  }

  countOomKill(): void {
    this.tree.setOomKills(this.#pid, ++this.#oomKills);
  }

  path(file: string): string {
    return join(this.tree.roots.proc, String(this.#pid), file);
  }

  /** Writes what the kernel shows at this moment. `noise`: -1 to 1. */
  show(noise: number): void {
    if (!this.alive) return;
    const group = this.path('root/sys/fs/cgroup');
    const anon = Math.round((this.#anonMiB + noise) * MIB);
    writeFileSync(join(group, 'memory.current'), `${anon + 4 * MIB}\n`);
    const stat = `anon ${anon}\nfile ${4 * MIB}\nkernel 4096\nslab 4096\n`;
    writeFileSync(join(group, 'memory.stat'), this.stat?.(stat) ?? stat);
  }
}
