import { type CountedObjects, kernelObjects } from '../sources/process/kernel-objects.ts';

/** Counts kernel objects at each look, and keeps what was counted first: many that stay as many explain no growth. */
export class KernelObjectCounts {
  #first = new Map<string, number>();

  look(procRoot: string, pids: readonly number[], mainPid: number | null): readonly CountedObjects[] {
    const before = this.#first;
    this.#first = new Map();
    return kernelObjects(procRoot, pids, mainPid).map((objects) => {
      const key = `${objects.kind} ${'pid' in objects ? objects.pid : objects.path}`;
      const first = before.get(key) ?? objects.count;
      this.#first.set(key, first);
      return { ...objects, grew: objects.count - first };
    });
  }
}
