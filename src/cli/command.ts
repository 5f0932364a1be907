import { type Command, type OptionsOf, parseOptions } from '../config/option-table.ts';
import { escapeControls, safeJson } from '../format.ts';
import type { SearchOptions } from '../sources/target/search-outcome.ts';
import type { Roots } from '../sources/types.ts';

/** Parses the options of a command and runs it. Help and wrong options are handled here for all commands. */
export async function withOptions<C extends Command>(
  command: C,
  argv: readonly string[],
  run: (options: OptionsOf<C>, files: readonly string[]) => Promise<number>,
): Promise<number> {
  const parsed = parseOptions(command, argv, process.env);
  switch (parsed.state) {
    case 'help':
      process.stdout.write(parsed.text);
      return 0;
    case 'bad':
      for (const problem of parsed.problems) console.error(`memhound ${command.name}: ${problem}`);
      return 2;
    case 'ok':
      return run(parsed.options, parsed.files);
    default:
      return parsed satisfies never;
  }
}

/** The folders of the kernel's trees, from a command's options. */
export const rootsOf = (options: { readonly procRoot: string; readonly cgroupRoot: string }): Roots => ({
  proc: options.procRoot,
  cgroup: options.cgroupRoot,
});

interface TargetOptions {
  readonly procRoot: string;
  readonly cgroupRoot: string;
  readonly pid: number | null;
  readonly cgroup: string | null;
  readonly podUid: string | null;
  readonly target: string | null;
  readonly own: boolean;
}

/** The target that a command's options name. */
export const searchOptionsOf = (options: TargetOptions): SearchOptions => ({
  roots: rootsOf(options),
  pid: options.pid,
  cgroupDir: options.cgroup,
  podUid: options.podUid,
  target: options.target,
  own: options.own,
  selfPid: process.pid,
  represented: new Set(),
});

/** Prints a text for people. It may hold names of the container, whose control characters must not reach the terminal. */
export const print = (text: string): void => console.log(escapeControls(text));
export const printError = (text: string): void => console.error(escapeControls(text));
/** One line for programs. It may also be shown on a terminal. */
export const printJson = (value: unknown): void => console.log(safeJson(JSON.stringify(value)));
