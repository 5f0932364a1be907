import { jvmNames } from '../sources/jvm/main-class.ts';
import { type Member, membersOf } from '../sources/process/other-processes.ts';
import type { Target } from '../sources/types.ts';

interface ProcessesOfTick {
  readonly atMs: number;
  readonly pids: readonly number[];
  /** Those of the first `most` pids; null: only the pids were read. */
  readonly members: { readonly most: number; readonly all: readonly Member[] } | null;
}

/** The processes of a container other than its JVM. They are read once a tick, for all that ask. */
export class ContainerProcesses {
  readonly #procRoot: string;
  readonly #target: () => Target;
  readonly #pids: () => readonly number[];
  #last: ProcessesOfTick | null = null;

  constructor(procRoot: string, target: () => Target, pids: () => readonly number[]) {
    this.#procRoot = procRoot;
    this.#target = target;
    this.#pids = pids;
  }

  /** True if there may be another process than that of the target. */
  hasOthers(nowMs: number): boolean {
    return this.#pidsAt(nowMs).length > 1;
  }

  /** Of the first `most` processes, those that are not the JVM. */
  read(nowMs: number, most: number): readonly Member[] {
    const pids = this.#pidsAt(nowMs);
    const { members } = this.#last!;
    if (members === null || members.most < Math.min(most, pids.length))
      this.#last = { atMs: nowMs, pids, members: { most, all: this.#read(pids.slice(0, most)) } };
    return this.#last!.members!.all;
  }

  #pidsAt(nowMs: number): readonly number[] {
    if (this.#last?.atMs !== nowMs) this.#last = { atMs: nowMs, pids: this.#pids(), members: null };
    return this.#last.pids;
  }

  #read(pids: readonly number[]): readonly Member[] {
    const target = this.#target();
    const { process, jvm } = target;
    // The process of a container without a JVM is one of its members.
    const except = jvm === null ? null : (process?.pid ?? null);
    return membersOf(this.#procRoot, pids, except, jvmNames(this.#procRoot, target));
  }
}
