import { SECOND_MS } from '../../units.ts';

/** A write of a row takes milliseconds, and seconds on a disk or a CPU that is throttled. */
const ANSWERS_WITHIN_MS = 10 * SECOND_MS;

/** The volume has not answered in time: a disk or a server behind it has stopped, and the kernel waits for it without end. */
export class VolumeHangsError extends Error {
  override name = 'VolumeHangsError';
}

/**
 * Work on the volume of the history, bounded in time. What hangs in the kernel cannot be ended, so it is left, and no other work is begun
 * before it has ended: each would take one more of the few threads that Node has for files.
 */
export class BoundedVolume {
  readonly #dir: string;
  readonly #withinMs: number;
  /** When the work began that is still waited for; null: there is none. */
  #waitingSinceMs: number | null = null;

  constructor(dir: string, withinMs = ANSWERS_WITHIN_MS) {
    this.#dir = dir;
    this.#withinMs = withinMs;
  }

  /** Whether work was given up that has not ended since. */
  get hangs(): boolean {
    return this.#waitingSinceMs !== null;
  }

  /** @throws VolumeHangsError, or as `work` does */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waitingSinceMs !== null) throw this.#error();
    const beganMs = performance.now();
    const working = work();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#waitingSinceMs = beganMs;
        const ended = (): void => {
          this.#waitingSinceMs = null;
        };
        working.then(ended, ended);
        reject(this.#error());
      }, this.#withinMs);
    });
    try {
      return await Promise.race([working, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #error(): VolumeHangsError {
    const seconds = Math.round((performance.now() - this.#waitingSinceMs!) / SECOND_MS);
    return new VolumeHangsError(
      `--data ${this.#dir}: the volume has not answered for ${seconds} s; check the disk or the server behind it, or choose another folder`,
    );
  }
}
