import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Running, start } from '../../test/support/process.ts';
import type { ProgramCgroup } from './program-cgroup.ts';

/** One process of a program, started by path in the program's group; `running.pid` is the program itself, since the shell execs it. */
export function launch(
  { group, roots }: Setting,
  [command, args]: readonly [string, readonly string[]],
  env: Readonly<Record<string, string>> = {},
): Running {
  const running = start(group === null ? [command, args] : group.join(command, args), { env });
  roots.push(running);
  return running;
}

/** The running programs of one row of the table. */
export interface Started {
  /** Milliseconds from the start to the moment when a first sample could be read. */
  readonly firstSampleMs: number;
  /** The program's own report, for the JSON; null: none. */
  readonly about: () => Promise<unknown>;
  /** Releases it before its processes are ended. */
  readonly leave: () => void;
}

export interface Setting {
  readonly everySeconds: number;
  /** An empty folder for this program. */
  readonly dir: string;
  readonly group: ProgramCgroup | null;
  /** Its processes; `launch` adds them. */
  readonly roots: Running[];
  /** memory.stat of a watched JVM's group. */
  readonly memoryStat: string;
  /** What memhound reads of all JVMs at each tick. */
  readonly filesOfTick: readonly string[];
  readonly historyDays: number;
  /** The watched JVMs: their number and their main class. */
  readonly jvms: { readonly count: number; readonly mainClass: string };
  /** A browser reads. */
  readonly page: boolean;
}

export interface Program {
  readonly name: string;
  /** Commands that must be there. */
  readonly needs: readonly string[];
  /** How many containers it watches; null: the machine. */
  readonly containers: (setting: Setting) => number | null;
  readonly start: (setting: Setting) => Promise<Started>;
}

/** Path of a command, the sbin folders included; null: not here. */
export function which(command: string): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']) {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return join(dir, command);
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return null;
}

/** @throws if the command is missing; call `which` first */
export function mustFind(command: string): string {
  const path = which(command);
  if (path === null) throw new Error(`${command}: not here; node scripts/setup.mjs --bench installs it`);
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** Requests until the answer fits. Fails with the last answer. */
export async function answered(url: string, fits: (text: string) => boolean, roots: readonly Running[]): Promise<void> {
  const until = performance.now() + 60_000;
  for (let last = 'nothing'; ; await delay(10)) {
    try {
      const answer = await fetch(url);
      last = await answer.text();
      if (answer.ok && fits(last)) return;
    } catch (error) {
      last = (error as Error).message; // not listening yet
    }
    if (performance.now() > until)
      throw new Error(
        `${url} did not answer within a minute: ${last.slice(0, 200)}\n${roots.map((r) => r.output().slice(-2000)).join('\n')}`,
      );
  }
}

/** Ends each process by its pid. A process that does not end within ten seconds is killed. */
export async function stopAll(roots: readonly Running[]): Promise<void> {
  await Promise.all(
    roots.map(async (r) => {
      const kill = setTimeout(() => void r.stop('SIGKILL'), 10_000);
      await r.stop();
      clearTimeout(kill);
    }),
  );
}
