import type { BetterName } from '../process/other-processes.ts';
import { readArguments } from '../process/procfs.ts';
import type { ProcessRef, Roots, Target } from '../types.ts';
import { openHsperfdata, parseHsperfdata } from './hsperfdata.ts';
import { readJvmArguments } from './jvm-arguments.ts';

/**
 * The main class of a JVM, or the name of its jar; null: not known. It is read from the counter `sun.rt.javaCommand`, else from the command
 * line, which exists before hsperfdata does. Arguments may contain secrets and are not returned.
 */
export function readMainClass(roots: Roots, process: ProcessRef): string | null {
  const reader = openHsperfdata({ roots, process });
  try {
    const bytes = reader.rawBytes();
    const parsed = bytes === null ? null : parseHsperfdata(bytes);
    const command = parsed?.state === 'read' ? parsed.counters.get('sun.rt.javaCommand') : null;
    const [word = ''] = typeof command === 'string' ? command.trim().split(/\s/) : [];
    // A JVM that is embedded in another program has no `java` command.
    if (word !== '' && !/^unknown$/i.test(word)) return mainClassName(word);
  } finally {
    reader.close();
  }
  const args = readJvmArguments(roots.proc, process.pid);
  return process.name === 'java' || /(?:^|\/)java$/.test(args[0] ?? '') ? mainClassOfArguments(args) : null;
}

/**
 * The names of JVMs among the processes of a container: as the search found them, or for those that it has not seen yet, or that are too many for
 * it, by their command lines.
 */
export function jvmNames(procRoot: string, { otherJvms }: Pick<Target, 'otherJvms'>): BetterName {
  const found = new Map(otherJvms.map(({ pid, name }) => [pid, name]));
  return ({ pid, name }) => found.get(pid) ?? (name === 'java' ? mainClassOfArguments(readArguments(procRoot, pid)) : null);
}

/** `/app/orders-1.4.2.jar` gives orders.jar, so that a new version has the same name. `orders/com.example.Main` (a module) gives com.example.Main. */
export function mainClassName(word: string): string {
  const last = word.slice(word.lastIndexOf('/') + 1);
  return last.endsWith('.jar') ? last.replace(/-\d[\w.+-]*(?=\.jar$)/, '') : last;
}

/** Options of the `java` command whose value is the next argument. Source: "The java Command", JDK 21. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  '-cp',
  '-classpath',
  '--class-path',
  '-p',
  '--module-path',
  '--upgrade-module-path',
  '--add-modules',
  '--add-reads',
  '--add-exports',
  '--add-opens',
  '--limit-modules',
  '--patch-module',
  '--enable-native-access',
  '--source',
]);

/** The main class or jar in the arguments of a `java` command; null: they are in an @file, or there is none. Pure. */
export function mainClassOfArguments(args: readonly string[]): string | null {
  for (let i = 1; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-jar' || arg === '-m' || arg === '--module') return args[i + 1] ? mainClassName(args[i + 1]!) : null;
    if (arg.startsWith('@')) return null;
    if (WITH_VALUE.has(arg)) i++;
    else if (!arg.startsWith('-')) return arg === '' ? null : mainClassName(arg);
  }
  return null;
}
