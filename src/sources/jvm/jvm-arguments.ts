import { closeSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { KIB } from '../../units.ts';
import { openFileUnder } from '../process/pinned-path.ts';
import { readArguments } from '../process/procfs.ts';
import { isDenied, readText } from '../process/read-text.ts';

/** Variables from which a JVM, or the `java` command, takes options. */
const VARIABLES = ['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS'] as const;
const MAX_FILE_BYTES = 64 * KIB;
const MAX_FILES = 16;

/**
 * All options that a JVM was started with, in the order in which later ones win: JAVA_TOOL_OPTIONS, then for the `java` command
 * JDK_JAVA_OPTIONS and its arguments with each @file in place, files of -XX:Flags and -XX:VMOptionsFile, then _JAVA_OPTIONS. They may
 * contain secrets, so they are used only here.
 */
export function readJvmArguments(procRoot: string, pid: number): string[] {
  const [command = '', ...args] = readArguments(procRoot, pid);
  const variables = readVariables(procRoot, pid);
  const files = new ArgumentFiles(procRoot, pid);
  const own = [...words(variables.get('JDK_JAVA_OPTIONS') ?? ''), ...args].flatMap((arg) => files.expand(arg));
  return [command, ...words(variables.get('JAVA_TOOL_OPTIONS') ?? ''), ...own, ...words(variables.get('_JAVA_OPTIONS') ?? '')];
}

function readVariables(procRoot: string, pid: number): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readText(join(procRoot, String(pid), 'environ')) ?? '';
  } catch (error) {
    if (isDenied(error)) return new Map();
    throw error;
  }
  const found = new Map<string, string>();
  for (const entry of text.split('\0')) {
    const name = VARIABLES.find((v) => entry.startsWith(`${v}=`));
    if (name !== undefined) found.set(name, entry.slice(name.length + 1));
  }
  return found;
}

class ArgumentFiles {
  readonly #process: string;
  #filesRemaining = MAX_FILES;

  constructor(procRoot: string, pid: number) {
    this.#process = join(procRoot, String(pid));
  }

  expand(arg: string): string[] {
    const path = /^(?:@(?!@)|-XX:(?:Flags|VMOptionsFile)=)(.+)$/s.exec(arg)?.[1];
    if (path === undefined || this.#filesRemaining-- <= 0) return [arg];
    const text = this.#read(path);
    return text === null ? [arg] : words(text);
  }

  #read(path: string): string | null {
    const file = openFileUnder(join(this.#process, path.startsWith('/') ? 'root' : 'cwd'), path);
    if (file.state === 'refused') return null;
    try {
      const bytes = Buffer.alloc(MAX_FILE_BYTES);
      return bytes.toString('latin1', 0, readSync(file.fd, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file.fd);
    }
  }
}

/** Words between white space. A quoted part may contain white space. Outside quotes, # begins a comment in a file. */
function words(text: string): string[] {
  return [...text.slice(0, MAX_FILE_BYTES).matchAll(/#[^\n]*|(?:"[^"]*"|'[^']*'|[^\s"'])+/g)]
    .filter((m) => !m[0].startsWith('#'))
    .map((m) => m[0].replace(/["']/g, ''));
}
