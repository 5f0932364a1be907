import { type CountedObjects, kernelObjects } from '../sources/process/kernel-objects.ts';
import { SECOND_MS } from '../units.ts';

interface FirstCount {
  readonly count: number;
  readonly atMs: number;
}

/** Counts kernel objects at each look, and keeps what was counted first: many that stay as many explain no growth. */
export class KernelObjectCounts {
  #first = new Map<string, FirstCount>();

  look(nowMs: number, procRoot: string, pids: readonly number[], mainPid: number | null): readonly CountedObjects[] {
    const before = this.#first;
    this.#first = new Map();
    return kernelObjects(procRoot, pids, mainPid).map((objects) => {
      const key = `${objects.kind} ${'pid' in objects ? objects.pid : objects.path}`;
      const first = before.get(key) ?? { count: objects.count, atMs: nowMs };
      this.#first.set(key, first);
      return { ...objects, grew: objects.count - first.count, seconds: Math.max(0, nowMs - first.atMs) / SECOND_MS };
    });
  }
}
