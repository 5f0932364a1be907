import { diskLimitProblem } from '../history/store/disk-limit.ts';
import { MIN_HISTORY } from './commands/shared-rows.ts';
import { WATCH } from './commands/watch.ts';
import { type OptionsOf, parseOptions } from './option-table.ts';

export type WatchConfig = Omit<OptionsOf<typeof WATCH>, 'minHistory'> & { readonly minHistory: number };

/** Options of `watch`. They are also checked in combination. */
export function parseConfig(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
):
  | { readonly state: 'ok'; readonly config: WatchConfig }
  | { readonly state: 'help'; readonly text: string }
  | { readonly state: 'bad'; readonly problems: readonly string[] } {
  const parsed = parseOptions(WATCH, argv, env);
  if (parsed.state !== 'ok') return parsed;
  const { options } = parsed;
  const problems: string[] = [];
  if (!LOOPBACK.has(options.host) && options.tokenFile === null) {
    problems.push(
      `--host ${options.host}: an address that other hosts can reach needs --token-file FILE; or keep 127.0.0.1, which kubectl port-forward reaches`,
    );
  }
  if ([options.pid, options.cgroup, options.own || null].filter((x) => x !== null).length > 1)
    problems.push('--pid, --cgroup and --own exclude one another: choose one');
  const minHistory = options.minHistory ?? Math.max(MIN_HISTORY.otherwise, 10 * options.every);
  if (minHistory < 2 * options.every)
    problems.push(`--min-history ${minHistory}s: expected at least twice --every, ${2 * options.every}s`);
  if (options.keep < options.every)
    problems.push(`--keep ${options.keep}s: expected at least one --every, ${options.every}s, or no sample would be kept`);
  const diskProblem = diskLimitProblem(options.maxDisk);
  if (diskProblem !== null) problems.push(diskProblem);
  if (options.port !== 0 && options.port === options.opsPort)
    problems.push(`--port and --ops-port are both ${options.port}: choose two ports`);
  if (problems.length > 0) return { state: 'bad', problems };
  return { state: 'ok', config: Object.freeze({ ...options, minHistory }) };
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
