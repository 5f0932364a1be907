import { closeSync, type Stats } from 'node:fs';
import { constants as os } from 'node:os';
import { GIB } from '../../units.ts';
import { reopen } from '../process/pinned-path.ts';
import { loadSyscalls, type Syscalls } from '../process/syscalls.ts';
import { type FincoreAnswer, fincore } from './fincore.ts';
import { permissionRefusal, type ResidencyPermission } from './residency-permission.ts';

/** A pinned regular file. `isOverlay`: it is on overlayfs, where the pages belong to a file of an underlying layer. */
export interface ResidencyQuery {
  readonly fd: number;
  readonly stat: Stats;
  readonly isOverlay: boolean;
}

export type ResidencyAnswer =
  | {
      readonly state: 'known';
      readonly method: 'cachestat' | 'mincore' | 'fincore';
      residentBytes: number;
      dirtyBytes: number | null;
    }
  | { readonly state: 'unknown'; readonly reason: string };

/**
 * mincore visits every page of a file's length, holes included: 18 ms per GiB. cachestat visits only cached pages. So mincore is called
 * only for files up to this length.
 */
const MAX_MINCORE_BYTES = 4 * GIB;
const { ENOSYS, EPERM } = os.errno;

type Calls = Pick<Syscalls, 'cachestat' | 'mincore'>;

/** Measures how much of a file is in memory: by cachestat(2), else mincore(2), else `fincore`, each only if its answer is reliable. */
export class Residency {
  readonly #permission: ResidencyPermission;
  readonly #load: () => Promise<Calls | string>;
  readonly #fincore: (fds: readonly number[]) => Promise<FincoreAnswer>;
  #calls: Calls | string | null = null;
  #noCachestat = false;
  #noFincore: string | null = null;

  constructor(permission: ResidencyPermission, load: () => Promise<Calls | string> = loadSyscalls, spawned = fincore) {
    this.#permission = permission;
    this.#load = load;
    this.#fincore = spawned;
  }

  /** The answers, in the order of the queries. */
  async query(queries: readonly ResidencyQuery[]): Promise<ResidencyAnswer[]> {
    this.#calls ??= await this.#load();
    const calls = this.#calls;
    return typeof calls === 'string' ? this.#byFincore(queries, calls) : queries.map((q) => this.#bySyscall(calls, q));
  }

  #bySyscall(calls: Calls, query: ResidencyQuery): ResidencyAnswer {
    if (query.stat.size === 0) return { state: 'known', method: 'cachestat', residentBytes: 0, dirtyBytes: 0 };
    const opened = reopen(query);
    if (opened.state === 'refused') return notOpened(query, this.#permission, opened.code);
    const { fd } = opened;
    try {
      // On overlayfs, cachestat reads the empty cache of the overlay inode and returns 0 without an error (seen on 6.18).
      // mincore uses the mapping, which is the file in the layer.
      if (query.isOverlay || this.#noCachestat) return this.#byMincore(calls, query, fd);
      const answer = calls.cachestat(fd);
      if (typeof answer !== 'number')
        return { state: 'known', method: 'cachestat', residentBytes: answer.cachedBytes, dirtyBytes: answer.dirtyBytes };
      // ENOSYS: Linux before 6.5, or a seccomp profile that does not know the call. EPERM: a seccomp profile, or not the owner (since 6.14).
      if (answer === ENOSYS) this.#noCachestat = true;
      if (answer === ENOSYS || answer === EPERM) return this.#byMincore(calls, query, fd);
      return { state: 'unknown', reason: `cachestat failed with errno ${answer}` };
    } finally {
      closeSync(fd);
    }
  }

  #byMincore(calls: Calls, { stat }: ResidencyQuery, fd: number): ResidencyAnswer {
    const refusal = permissionRefusal(this.#permission, stat, fd);
    if (refusal !== null) return { state: 'unknown', reason: refusal };
    if (stat.size > MAX_MINCORE_BYTES) return { state: 'unknown', reason: `${stat.size} bytes are too many to ask page by page` };
    const answer = calls.mincore(fd, stat.size);
    return typeof answer === 'number'
      ? { state: 'unknown', reason: `mincore failed with errno ${answer}` }
      : { state: 'known', method: 'mincore', residentBytes: answer.cachedBytes, dirtyBytes: null };
  }

  async #byFincore(queries: readonly ResidencyQuery[], noSyscalls: string): Promise<ResidencyAnswer[]> {
    const answers = new Map<ResidencyQuery, ResidencyAnswer>();
    const opened = new Map<ResidencyQuery, number>();
    for (const q of queries) {
      const refusal = permissionRefusal(this.#permission, q.stat, q.fd);
      if (q.stat.size === 0) answers.set(q, { state: 'known', method: 'fincore', residentBytes: 0, dirtyBytes: null });
      else if (refusal !== null) answers.set(q, { state: 'unknown', reason: refusal });
      else if (q.stat.size > MAX_MINCORE_BYTES)
        answers.set(q, { state: 'unknown', reason: `${q.stat.size} bytes are too many to ask page by page` });
      else if (this.#noFincore === null) {
        const file = reopen(q);
        if (file.state === 'refused') answers.set(q, notOpened(q, this.#permission, file.code));
        else opened.set(q, file.fd);
      }
    }
    try {
      const counted = await this.#fincore([...opened.values()]);
      if (counted.state === 'absent') this.#noFincore = `${counted.reason}, and ${noSyscalls}`;
      else
        [...opened.keys()].forEach((q, i) => {
          const residentBytes = counted.bytes[i] ?? null;
          answers.set(
            q,
            residentBytes === null
              ? { state: 'unknown', reason: 'fincore gave no answer' }
              : { state: 'known', method: 'fincore', residentBytes, dirtyBytes: null },
          );
        });
    } finally {
      for (const fd of opened.values()) closeSync(fd);
    }
    return queries.map((q) => answers.get(q) ?? { state: 'unknown', reason: this.#noFincore ?? 'not queried' });
  }
}

const notOpened = ({ stat }: ResidencyQuery, permission: ResidencyPermission, code: string): ResidencyAnswer => ({
  state: 'unknown',
  reason:
    stat.uid === permission.uid ? `it cannot be opened: ${code}` : `owned by uid ${stat.uid}, asked by uid ${permission.uid}`,
});
