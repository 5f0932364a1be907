import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestCgroup } from './cgroup.ts';
import { program } from './needs.ts';
import { type Running, run, start } from './process.ts';

/**
 * Flags of a small service: one collector thread, a bounded heap, quick to start. Its heap is touched at once, as that of a service is
 * which has been up for a week: the tests have half a minute.
 */
const SMALL_JVM = ['-XX:+UseSerialGC', '-Xms64m', '-Xmx64m', '-XX:+AlwaysPreTouch', '-XX:TieredStopAtLevel=1'];

const compiled = new Map<string, Promise<string>>();
process.on('exit', () => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});
const made: string[] = [];

/** Compiles one Java file (once a test process); the answer is the class path. */
export function compile(file: string): Promise<string> {
  const known = compiled.get(file);
  if (known) return known;
  const classes = mkdtempSync(join(tmpdir(), 'memhound-classes-'));
  made.push(classes);
  const done = run(program('javac'), ['-d', classes, file]).then(({ code, stderr }) => {
    if (code !== 0) throw new Error(`javac ${file} failed:\n${stderr}`);
    return classes;
  });
  compiled.set(file, done);
  return done;
}

/** Starts the main class of a Java file, in the given cgroup if any. */
export async function startJava(
  file: string,
  args: readonly string[],
  { cgroup = null, flags = SMALL_JVM }: { readonly cgroup?: TestCgroup | null; readonly flags?: readonly string[] } = {},
): Promise<Running> {
  const all = [...flags, '-cp', await compile(file), basename(file, '.java'), ...args];
  return start(cgroup ? cgroup.join('java', all) : ['java', all]);
}
