import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Roots } from '../../src/sources/types.ts';
import { syntheticHsperfdata } from './made-hsperf.ts';

export interface MadeJvm {
  readonly pid: number;
  /** Clock ticks after boot at which it began. */
  readonly startTicks: number;
  readonly rssMiB: number;
  /** Two processes with the same one are in one cgroup. */
  readonly group: string;
  /** As a kubelet mounts the termination log; without it the container's name cannot be known. */
  readonly container?: string | undefined;
  /** `sun.rt.javaCommand`. */
  readonly command?: string;
  /** Any other than a JVM. */
  readonly process?: string;
}

const UID = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';

/** The files that a search and the samples read of processes in cgroups v2, made: for pods whose containers start and end at will. */
export class MadeTree {
  readonly #dir = mkdtempSync(join(tmpdir(), 'memhound-tree-'));
  readonly roots: Roots = { proc: join(this.#dir, 'proc'), cgroup: join(this.#dir, 'cgroup') };

  constructor() {
    mkdirSync(join(this.roots.proc, 'self'), { recursive: true });
    mkdirSync(this.roots.cgroup);
    writeFileSync(join(this.roots.proc, 'stat'), 'cpu  0 0 0 0\ncpu0 0 0 0 0\n');
  }

  /** Starts it, or gives it another size. */
  run(jvm: MadeJvm): void {
    const { pid, startTicks, rssMiB, container, command, process: name = 'java' } = jvm;
    const dir = join(this.roots.proc, String(pid));
    const cgroup = `/kubepods/burstable/pod${UID}/${createHash('sha256').update(jvm.group).digest('hex')}`;
    const write = (path: string, data: string | Buffer) => {
      mkdirSync(join(dir, path, '..'), { recursive: true });
      writeFileSync(join(dir, path), data);
    };
    write('stat', `${pid} (${name}) S ${[1, ...new Array(17).fill(0)].join(' ')} ${startTicks} 0 0\n`);
    const ids = [process.getuid?.() ?? 0, process.getgid?.() ?? 0].map(
      (id, i) => `${i === 0 ? 'Uid' : 'Gid'}:\t${id}\t${id}\t${id}\t${id}`,
    );
    write(
      'status',
      `Name:\t${name}\nPid:\t${pid}\nPPid:\t1\n${ids.join('\n')}\nNSpid:\t${pid}\nVmRSS:\t${rssMiB * 1024} kB\nRssAnon:\t${rssMiB * 1024} kB\nThreads:\t20\n`,
    );
    write('cgroup', `0::${cgroup}\n`);
    const log = `40 37 8:1 /var/lib/kubelet/pods/${UID}/containers/${container}/0a1b2c3d /dev/termination-log rw,relatime - ext4 /dev/sda1 rw\n`;
    write(
      'mountinfo',
      `38 37 0:24 ${cgroup} /sys/fs/cgroup ro,relatime - cgroup2 none rw\n${container === undefined ? '' : log}`,
    );
    write('cmdline', `${name}\0`);
    const group = 'root/sys/fs/cgroup';
    write(`${group}/cgroup.procs`, `${pid}\n`);
    write(`${group}/memory.current`, `${rssMiB * 2 ** 20}\n`);
    write(`${group}/memory.max`, `${2 ** 30}\n`);
    write(`${group}/memory.stat`, `anon ${rssMiB * 2 ** 20}\nfile 0\n`);
    if (name === 'java')
      write(
        `root/tmp/hsperfdata_app/${pid}`,
        syntheticHsperfdata({ 'sun.rt.javaCommand': command ?? '', 'sun.gc.generation.0.capacity': rssMiB }),
      );
  }

  /** The processes in the cgroup of one, that one included. */
  setMembers(pid: number, members: readonly number[]): void {
    writeFileSync(join(this.roots.proc, String(pid), 'root/sys/fs/cgroup/cgroup.procs'), `${members.join('\n')}\n`);
  }

  /** The kernel's count of OOM kills in the cgroup of a process. */
  setOomKills(pid: number, kills: number): void {
    writeFileSync(join(this.roots.proc, String(pid), 'root/sys/fs/cgroup/memory.events'), `oom_kill ${kills}\n`);
  }

  end(pid: number): void {
    rmSync(join(this.roots.proc, String(pid)), { recursive: true });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true });
  }
}
