import { join } from 'node:path';
import { pinCgroupFile, readCgroupText, readPinned } from '../cgroup/cgroup-files.ts';
import { KeptFiles } from '../cgroup/kept-file.ts';
import { readStartTicks } from '../process/procfs.ts';
import type { Roots, Target } from '../types.ts';
import { instanceOf } from './target-identity.ts';
import { MAX_TARGETS } from './target-search.ts';

/** pids of a target's container, in memhound's pid namespace. */
export const pidsOf = (roots: Roots, target: Target): number[] => pidsIn(readCgroupText(procsOf(target)), roots, target);

const procsOf = ({ cgroup }: Target): string => join(cgroup.dir, 'cgroup.procs');

function pidsIn(procs: string | null, roots: Roots, { process }: Target): number[] {
  const pids = (procs ?? '')
    .split('\n')
    .map(Number)
    .filter((n) => n > 0);
  if (pids.length > 0) return pids;
  return process !== null && readStartTicks(roots.proc, process.pid) === process.startTicks ? [process.pid] : [];
}

/** cgroup v1 gives a descriptor that stays open the list of its last read for another second: a process that has just begun is not in it. */
const OPENED_ANEW = { open: pinCgroupFile, read: readPinned };

/** The same for targets that are asked at each tick. */
export class ContainerPids {
  readonly #roots: Roots;
  readonly #files = new KeptFiles();

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  of(target: Target): number[] {
    // The pid in a path may be given to a process of another container.
    const key = `${instanceOf(target.cgroup.path, target.process)} ${target.cgroup.dir}`;
    const procs = this.#files.read(procsOf(target), target.cgroup.version === 1 ? { key, ...OPENED_ANEW } : { key });
    // Nobody asks for a container again that has ended.
    this.#files.keepNewest(MAX_TARGETS);
    return pidsIn(procs, this.#roots, target);
  }

  close(): void {
    this.#files.close();
  }
}
