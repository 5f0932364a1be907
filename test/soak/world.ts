import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIB } from '../../src/units.ts';
import { MadeTree } from '../support/made-tree.ts';

const VOLUME_MIB = 24;

/** The volume of the history: a small tmpfs of its own, so that it can be full and read-only. */
export class Volume {
  readonly #mount = mkdtempSync(join(tmpdir(), 'memhound-soak-'));
  readonly dir = join(this.#mount, 'data');
  readonly #aside = join(this.#mount, 'aside');
  readonly #copy = join(this.#mount, 'copy');

  constructor() {
    mount('-t', 'tmpfs', '-o', `size=${VOLUME_MIB}m`, 'tmpfs', this.#mount);
  }

  setReadOnly(on: boolean): void {
    mount('-o', `remount,${on ? 'ro' : 'rw'}`, this.#mount);
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

  /** Keeps the files as a kill at this moment would leave them. */
  freeze(): void {
    cpSync(this.dir, this.#copy, { recursive: true, preserveTimestamps: true });
  }

  takeFrozen(): void {
    rmSync(this.dir, { recursive: true });
    renameSync(this.#copy, this.dir);
  }

  close(): void {
    spawnSync('umount', [this.#mount]);
    rmSync(this.#mount, { recursive: true });
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
  /** Text of memory.stat in place of the right one; null: the right one. */
  stat: string | null = null;

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
    writeFileSync(join(group, 'memory.stat'), this.stat ?? `anon ${anon}\nfile ${4 * MIB}\nkernel 4096\nslab 4096\n`);
  }
}
