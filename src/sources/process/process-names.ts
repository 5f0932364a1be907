import type { Target } from '../types.ts';
import { fullProcessName } from './other-processes.ts';
import { readStatus } from './procfs.ts';
import { isDenied } from './read-text.ts';

/** What processes are called, by pid. */
export type ProcessNames = ReadonlyMap<number, string>;

export const NO_NAMES: ProcessNames = new Map();

/** More processes than this are not named at a time. */
const MAX_NAMED = 64;

/**
 * What the processes of a container are called: the command, and the main class or jar of a JVM ("java orders.jar"). A process that has ended
 * keeps its name, for the final verdict of its container tells of it.
 */
export class KnownProcessNames {
  readonly #procRoot: string;
  #names = new Map<number, string>();

  constructor(procRoot: string) {
    this.#procRoot = procRoot;
  }

  of(pids: Iterable<number>, { process, identity, otherJvms }: Target): ProcessNames {
    const classes = new Map(otherJvms.map(({ pid, name }) => [pid, name]));
    if (process !== null && identity.mainClass !== null) classes.set(process.pid, identity.mainClass);
    const names = new Map<number, string>();
    for (const pid of [...new Set(pids)].slice(0, MAX_NAMED)) {
      const command = this.#command(pid);
      const mainClass = classes.get(pid);
      const name = command === null ? this.#names.get(pid) : mainClass === undefined ? command : `${command} ${mainClass}`;
      if (name !== undefined) names.set(pid, name);
    }
    this.#names = names;
    return names;
  }

  /** null: it has ended, or is hidden. */
  #command(pid: number): string | null {
    try {
      const status = readStatus(this.#procRoot, pid);
      return status === null ? null : fullProcessName(this.#procRoot, status);
    } catch (error) {
      if (isDenied(error)) return null;
      throw error;
    }
  }
}
