import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program under test. Ends by pid, never by name; its output is kept for the message of a failed assertion. */
export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves with the first line of standard output that fits; rejects, with all output, if the program ends before. */
  readonly line: (fits: (line: string) => boolean) => Promise<string>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly output: () => string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

export function start([command, args]: readonly [string, readonly string[]], options: StartOptions = {}): Running {
  const child = spawn(command, args, { ...options, env: { ...process.env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const all: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) check();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    all.push(line);
    wake();
  });
  createInterface({ input: child.stderr }).on('line', (line) => all.push(line));
  child.stdin.on('error', () => all.push('(standard input closed)')); // a program that ended: EPIPE is no news
  let gone = false;
  const output = () => all.slice(-80).join('\n');
  const exited = once(child, 'close').then(([code, signal]) => {
    gone = true;
    wake();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  exited.catch(() => {
    gone = true; // it could not be started: `line` reports that
    wake();
  });
  const line = (fits: (line: string) => boolean) =>
    new Promise<string>((resolve, reject) => {
      let seen = 0;
      const check = () => {
        for (; seen < lines.length; seen++) {
          if (!fits(lines[seen]!)) continue;
          waiting.delete(check);
          resolve(lines[seen]!);
          return;
        }
        if (!gone) return;
        waiting.delete(check);
        reject(new Error(`${command} ended before the awaited line; it said:\n${output()}`));
      };
      waiting.add(check);
      check();
    });
  return {
    pid: child.pid ?? -1,
    child,
    line,
    exited,
    output,
    stop: (signal = 'SIGTERM') => {
      if (!gone) child.kill(signal);
      return exited;
    },
  };
}

/** Runs a command to its end. */
export async function run(command: string, args: readonly string[], options: StartOptions & { readonly input?: string } = {}) {
  const child = spawn(command, args, { ...options, env: { ...process.env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  child.stdin.on('error', () => stderr.push('(standard input closed)')); // it ended without reading: no news
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}
