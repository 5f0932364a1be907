import { MAX_KILLED } from '../history/parse-event.ts';
import type { HistoryEvent, Sample } from '../sample/types.ts';
import type { Member } from '../sources/process/other-processes.ts';
import type { Target } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';
import type { ContainerProcesses } from './container-processes.ts';

/** Processes of a container that are read at each tick. A container that holds more is seldom killed for one of them. */
const MAX_PROCESSES = 200;

interface OomKillObservation {
  /** The kernel's counter rose since the last tick. */
  readonly rose: boolean;
  /** In order of time. */
  readonly events: readonly HistoryEvent[];
  /** The container's processes could not be read. */
  readonly failures: Sample['failures'];
}

/** A rise of the kernel's counter while the target's process was still there. */
interface Rise {
  readonly t: number;
  readonly kills: number;
  readonly gone: readonly Member[];
}

/**
 * Tells whom the OOM killer ended. The kernel counts kills of a cgroup and names nobody, so the processes of the tick before are compared
 * with those of now. A process that was killed may be seen for a moment, so the tick after the rise decides.
 */
export class OomKillTracker {
  readonly #target: () => Target;
  readonly #processes: ContainerProcesses;
  #before: ReadonlyMap<number, Member> = new Map();
  #kills: number | null = null;
  #rise: Rise | null = null;

  constructor(target: () => Target, processes: ContainerProcesses) {
    this.#target = target;
    this.#processes = processes;
  }

  /** `kills`: the kernel's counter; null: not read. `alive`: the target's process runs. */
  observe(nowMs: number, { kills, alive }: { readonly kills: number | null; readonly alive: boolean }): OomKillObservation {
    const { now, failures } = this.#read(nowMs, alive);
    const gone = now === null ? [] : [...this.#before.values()].filter(({ pid }) => !now.has(pid));
    this.#before = now ?? this.#before;
    const rise: Rise | null =
      kills !== null && this.#kills !== null && kills > this.#kills
        ? { t: nowMs / SECOND_MS, kills: kills - this.#kills, gone }
        : null;
    this.#kills = kills ?? this.#kills;
    const waited = this.#rise;
    const isKnownAtOnce = !alive || this.#target().process === null;
    this.#rise = isKnownAtOnce ? null : rise;
    const events: HistoryEvent[] = [];
    if (waited !== null)
      events.push(alive ? survivedEvent(waited, rise === null ? gone : []) : { t: waited.t, type: 'oom_kill' });
    if (rise !== null && isKnownAtOnce) events.push({ t: rise.t, type: 'oom_kill' });
    return { rose: rise !== null, events, failures };
  }

  /** The processes by pid; null: they cannot be read now. */
  #read(
    nowMs: number,
    alive: boolean,
  ): { readonly now: ReadonlyMap<number, Member> | null; readonly failures: Sample['failures'] } {
    const { process } = this.#target();
    if (process === null || !alive) return { now: new Map(), failures: [] };
    try {
      const members = this.#processes.read(nowMs, MAX_PROCESSES).slice(0, MAX_PROCESSES);
      return { now: new Map(members.filter(({ pid }) => pid !== process.pid).map((m) => [m.pid, m])), failures: [] };
    } catch (error) {
      return { now: null, failures: [{ source: 'processes', error: (error as Error).message, remediation: null }] };
    }
  }
}

/** The kernel takes the largest processes, swap included, so of those that are gone the largest are the ones that it took. */
function survivedEvent({ t, kills, gone }: Rise, later: readonly Member[]): HistoryEvent {
  const largest = [...gone, ...later].sort((a, b) => b.anonBytes + b.swapBytes - (a.anonBytes + a.swapBytes));
  const killed = largest.slice(0, Math.min(kills, MAX_KILLED));
  return {
    t,
    type: 'process_oom_kill',
    killed: killed.map(({ pid, name, anonBytes, parent }) => ({ pid, name, anonBytes, parent })),
  };
}
