/** memhound: finds where a JVM pod's memory went. This file only selects the command and sets the exit code. */
import { basename } from 'node:path';
import { applyLongRunFlags, applyLowMemoryFlags, applyShortRunFlags, loadNodeModules } from './cli/v8-flags.ts';
import { safeName } from './format.ts';
import { VERSION } from './version.ts';

type Command = (argv: string[]) => Promise<number>;

/** Each command is loaded only when it is called, so `watch` uses no memory for the others. */
const COMMANDS: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Command> }>> = {
  watch: {
    about: 'sample, evaluate, and serve the page and the API (default)',
    load: async () => {
      loadNodeModules();
      applyLowMemoryFlags();
      return (await import('./cli/watch.ts')).watch;
    },
  },
  explain: { about: 'one shot: where is the memory now', load: async () => (await import('./cli/explain.ts')).explain },
  culprit: {
    about: 'ask a JVM several times which class, pool of threads or other part of it grows',
    load: async () => (await import('./cli/culprit.ts')).culprit,
  },
  analyze: {
    about: 'evaluate recorded series: files or - for standard input',
    load: async () => {
      applyShortRunFlags();
      return (await import('./cli/analyze.ts')).analyze;
    },
  },
  fleet: {
    about: 'evaluate every container that a Prometheus server knows',
    load: async () => {
      applyLongRunFlags();
      return (await import('./cli/fleet.ts')).fleet;
    },
  },
  capture: {
    about: 'record the raw files as JSON lines, for a bug report or a fixture',
    load: async () => (await import('./cli/capture.ts')).capture,
  },
  history: {
    about: 'fill a folder with synthetic history, for measurements',
    load: async () => (await import('./cli/history.ts')).historyCommand,
  },
  inject: {
    about: 'add the sidecar to a Kubernetes manifest',
    load: async () => (await import('./cli/inject.ts')).injectCommand,
  },
  kubectl: {
    about: 'the same in a cluster, through kubectl: kubectl memhound',
    load: async () => (await import('./cli/kubectl.ts')).kubectlCommand,
  },
};

const USAGE = `memhound: finds where a JVM pod's memory went

usage: memhound [command] [options]

${Object.entries(COMMANDS)
  .map(([name, c]) => `  ${name.padEnd(9)} ${c.about}`)
  .join('\n')}

memhound COMMAND --help prints the options of a command. Exit codes: 0 success; 1 failure at run time, or no target;
2 bad options or bad input; 3 a --fail-on condition holds.
`;

async function run(argv: string[]): Promise<number> {
  const [first, ...rest] = argv;
  if (first === '--version' || first === 'version') {
    console.log(VERSION);
    return 0;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const named = first !== undefined && !first.startsWith('-');
  const command = COMMANDS[named ? first : 'watch'];
  if (command === undefined) {
    console.error(
      `memhound: there is no command ${JSON.stringify(safeName(first ?? ''))}; expected ${Object.keys(COMMANDS).join(', ')}`,
    );
    return 2;
  }
  if (typeof WebAssembly === 'undefined') {
    console.error('memhound: this Node runs without WebAssembly, which verdicts need: start it without --jitless');
    return 1;
  }
  return (await command.load())(named ? rest : argv);
}

// kubectl runs the program kubectl-memhound for `kubectl memhound`.
const plugin = basename(process.argv[1] ?? '') === 'kubectl-memhound' ? ['kubectl'] : [];

run([...plugin, ...process.argv.slice(2)]).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`memhound: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 1;
  },
);
