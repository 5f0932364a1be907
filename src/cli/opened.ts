/** How long the end may take. The kubelet waits for 30 s before it kills. */
const END_WITHIN_MS = 5000;

/** Everything that a command has opened. It is closed in reverse order, both after a signal and when the start fails half way. */
export class Opened {
  readonly #closers: (() => void | Promise<void>)[] = [];
  #failed: ((error: unknown) => void) | null = null;

  add(close: () => void | Promise<void>): void {
    this.#closers.push(close);
    // A signal came during the start, and this was opened after it.
    if (this.#failed !== null) void this.#closeAll(this.#failed);
  }

  /** A step that fails does not keep the others from being closed. Where a step hangs, on a dead volume, the process ends itself. */
  async close(failed: (error: unknown) => void): Promise<void> {
    this.#failed = failed;
    setTimeout(() => {
      failed(
        new Error(`the end took more than ${END_WITHIN_MS / 1000} s, as on a volume that does not answer; memhound kills itself`),
      );
      // exit() would wait for threads that hang in the kernel.
      process.kill(process.pid, 'SIGKILL');
    }, END_WITHIN_MS).unref();
    await this.#closeAll(failed);
  }

  async #closeAll(failed: (error: unknown) => void): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failed(error);
      }
    }
  }
}
