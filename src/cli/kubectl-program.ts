import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { MIB } from '../units.ts';

/** A call of kubectl that failed, with what it said. */
export class KubectlError extends Error {}

/** kubectl itself, with its rights, configuration and login: memhound has none of its own. */
export class Kubectl {
  readonly #common: readonly string[];

  /** `common`: arguments of every call, such as the namespace. */
  constructor(common: readonly string[]) {
    this.#common = common;
  }

  /** What kubectl prints. @throws KubectlError */
  run(...args: readonly string[]): string {
    const { status, stdout, stderr, error } = spawnSync('kubectl', [...this.#common, ...args], {
      encoding: 'utf8',
      maxBuffer: 64 * MIB,
    });
    if (error !== undefined) throw notThere(error);
    if (status !== 0) throw new KubectlError(`kubectl ${args[0]}: ${stderr.trim() || `code ${status}`}`);
    return stdout;
  }

  /** Forwards a free local port to a port of a pod while `use` runs. @throws KubectlError */
  async forward<T>(target: string, port: number, use: (localPort: number) => Promise<T>): Promise<T> {
    const child = spawn('kubectl', [...this.#common, 'port-forward', '--address=127.0.0.1', target, `:${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      return await use(await localPortOf(child));
    } finally {
      child.kill();
    }
  }
}

const notThere = (error: Error): KubectlError =>
  new KubectlError(`kubectl cannot be run (${(error as NodeJS.ErrnoException).code ?? error.message}); it must be on the PATH`);

function localPortOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const port = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(out)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.on('error', (error) => reject(notThere(error)));
    child.on('exit', (code) => reject(new KubectlError(`kubectl port-forward: ${err.trim() || `code ${code}`}`)));
  });
}
