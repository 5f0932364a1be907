import { CULPRIT_CAUSES, type CulpritCause } from '../culprit/types.ts';
import { GATES, type Gate } from '../diagnosis/gate.ts';
import { diskLimitProblem } from '../history/store/disk-limit.ts';
import { DAY_S, MIB, MINUTE_S } from '../units.ts';
import { VERSION } from '../version.ts';
import { type CommandSpec, type OptionRow, type Outcome, parseTable, type Values } from './option-table.ts';
import {
  type Attach,
  attach,
  bytes,
  evenInterval,
  flag,
  httpUrl,
  kubeMinor,
  label,
  labelName,
  moment,
  oneOf,
  podUid,
  resources,
  seconds,
  share,
  text,
  texts,
  uidGid,
  whole,
  workloadName,
} from './option-values.ts';

const row = <T>(r: OptionRow<T>): OptionRow<T> => r;

/** Options for the target and the kernel's trees, shared by watch, explain and capture. */
const TARGET_ROWS = {
  pid: row<number | null>({
    flag: 'pid',
    value: 'N',
    parse: whole(1, 4194304),
    otherwise: null,
    help: 'the process whose container is watched',
  }),
  cgroup: row<string | null>({
    flag: 'cgroup',
    value: 'DIR',
    parse: text,
    otherwise: null,
    help: 'the memory cgroup directory to watch',
  }),
  podUid: row<string | null>({
    flag: 'pod-uid',
    value: 'UID',
    parse: podUid,
    otherwise: null,
    help: "uid of the pod whose cgroup is watched, in the node's tree at --cgroup-root",
  }),
  target: row<string | null>({
    flag: 'target',
    value: 'NAME',
    parse: text,
    otherwise: null,
    help: 'container id or process name of the target',
  }),
  own: row<boolean>({ flag: 'own', value: null, parse: flag, otherwise: false, help: "watch memhound's own cgroup" }),
  attach: row<boolean>({
    flag: 'attach',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'allow the JVM attach protocol (sends SIGQUIT to a JVM that catches it)',
  }),
  procRoot: row<string>({
    flag: 'proc-root',
    value: 'DIR',
    parse: text,
    otherwise: '/proc',
    otherwiseText: '/proc',
    help: 'path of procfs',
  }),
  cgroupRoot: row<string>({
    flag: 'cgroup-root',
    value: 'DIR',
    parse: text,
    otherwise: '/sys/fs/cgroup',
    otherwiseText: '/sys/fs/cgroup',
    help: 'path of the cgroup file systems',
  }),
  json: row<boolean>({ flag: 'json', value: null, parse: flag, otherwise: false, help: 'print JSON' }),
};

const HISTORY_ROWS = {
  minHistory: row<number>({
    flag: 'min-history',
    value: 'TIME',
    parse: seconds,
    otherwise: 15 * MINUTE_S,
    otherwiseText: '15m',
    help: 'minimum history before a trend is reported',
  }),
};

const FAIL_ON_ROWS = row<Gate | null>({
  flag: 'fail-on',
  value: 'STATE',
  parse: oneOf(GATES),
  otherwise: null,
  help: 'exit 3 on leak, growing, or unsure (leak is null)',
});

/** Where the API is, for the program that serves it and the one that asks it. */
const API_ROWS = {
  host: row<string>({
    flag: 'host',
    value: 'ADDRESS',
    parse: text,
    otherwise: '127.0.0.1',
    otherwiseText: '127.0.0.1',
    help: 'address of the page and the API',
  }),
  port: row<number>({
    flag: 'port',
    value: 'N',
    parse: whole(0, 65535),
    otherwise: 8800,
    otherwiseText: '8800',
    help: 'port of the page and the API; 0: any free port',
  }),
  tokenFile: row<string | null>({
    flag: 'token-file',
    value: 'FILE',
    parse: text,
    otherwise: null,
    help: 'file with the bearer token that the API requires',
  }),
};

const WATCH_ROWS = {
  ...API_ROWS,
  every: row<number>({
    flag: 'every',
    value: 'TIME',
    parse: evenInterval,
    otherwise: 10,
    otherwiseText: '10s',
    help: 'time between samples',
  }),
  data: row<string | null>({
    flag: 'data',
    value: 'DIR',
    parse: text,
    otherwise: null,
    otherwiseText: 'in memory only',
    help: 'folder for the history',
  }),
  maxDisk: row<number>({
    flag: 'max-disk',
    value: 'SIZE',
    parse: bytes,
    otherwise: 64 * MIB,
    otherwiseText: '64MiB',
    help: 'maximum size of the history on disk',
  }),
  keep: row<number>({
    flag: 'keep',
    value: 'TIME',
    parse: seconds,
    otherwise: 92 * DAY_S,
    otherwiseText: '92d',
    help: 'maximum age of history; older rows are deleted even below --max-disk',
  }),
  opsHost: row<string>({
    flag: 'ops-host',
    value: 'ADDRESS',
    parse: text,
    otherwise: '0.0.0.0',
    otherwiseText: '0.0.0.0',
    help: 'address of /healthz, /readyz and /metrics',
  }),
  opsPort: row<number>({
    flag: 'ops-port',
    value: 'N',
    parse: whole(0, 65535),
    otherwise: 8801,
    otherwiseText: '8801',
    help: 'port of /healthz, /readyz and /metrics',
  }),
  metricsFiles: row<number>({
    flag: 'metrics-files',
    value: 'N',
    parse: whole(0, 20),
    otherwise: 0,
    help: 'files of each target whose path and resident bytes /metrics shows, the largest first; whoever may scrape it reads the paths',
  }),
  allowHosts: row<readonly string[]>({
    flag: 'allow-host',
    value: 'NAME',
    parse: (t) => ({ ok: true, value: [t] }),
    otherwise: [],
    repeats: true,
    help: 'additional Host header that the API accepts; may be repeated',
  }),
  log: row<'json' | 'text'>({
    flag: 'log',
    value: 'FORM',
    parse: oneOf(['json', 'text'] as const),
    otherwise: 'json',
    otherwiseText: 'json',
    help: 'format of the log on standard error: json or text',
  }),
  logLevel: row<'debug' | 'info' | 'warn' | 'error'>({
    flag: 'log-level',
    value: 'LEVEL',
    parse: oneOf(['debug', 'info', 'warn', 'error'] as const),
    otherwise: 'info',
    otherwiseText: 'info',
    help: 'minimum level of the log: debug, info, warn or error',
  }),
  webhookFile: row<string | null>({
    flag: 'webhook-file',
    value: 'FILE',
    parse: text,
    otherwise: null,
    help: 'file with a webhook URL that receives each change of the verdict',
  }),
  minHistory: row<number | null>({
    ...HISTORY_ROWS.minHistory,
    otherwise: null,
    otherwiseText: '15m, or ten samples if that is longer',
  }),
  ...TARGET_ROWS,
  attach: row<Attach>({
    flag: 'attach',
    value: null,
    orValue: 'auto',
    parse: attach,
    otherwise: 'off',
    help: 'allow the JVM attach protocol (sends SIGQUIT to a JVM that catches it); auto: also search for the culprit once a leak is reported, which pauses the JVM',
  }),
};

const INJECT_ROWS = {
  containers: row<readonly string[]>({
    flag: 'container',
    value: 'NAME',
    parse: texts,
    otherwise: [],
    otherwiseText: 'the container that looks like a JVM',
    repeats: true,
    help: 'the container to watch; may be repeated, for several workloads',
  }),
  workloads: row<readonly string[]>({
    flag: 'workload',
    value: 'KIND/NAME',
    parse: workloadName,
    otherwise: [],
    repeats: true,
    help: 'change only this workload; may be repeated',
  }),
  selector: row<readonly (readonly [string, string])[]>({
    flag: 'selector',
    value: 'KEY=VALUE',
    parse: label,
    otherwise: [],
    repeats: true,
    help: 'change only workloads with this label; may be repeated',
  }),
  all: row<boolean>({
    flag: 'all',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'change also workloads that show no sign of a JVM, in a file with several',
  }),
  check: row<boolean>({
    flag: 'check',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'write nothing; code 3 if memhound is missing or would change',
  }),
  diff: row<boolean>({
    flag: 'diff',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'print what would change, as diff -u does, and write nothing else',
  }),
  inPlace: row<boolean>({
    flag: 'in-place',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'change the files themselves, and print nothing',
  }),
  runAs: row<string | null>({
    flag: 'run-as',
    value: 'UID:GID',
    parse: uidGid,
    otherwise: null,
    help: "user and group of memhound; they must be the app's",
  }),
  imageConfig: row<string | null>({
    flag: 'image-config',
    value: 'FILE',
    parse: text,
    otherwise: null,
    help: "output of docker inspect IMAGE, or an image's config as JSON, for the user and group that the image sets",
  }),
  imageClient: row<string | null>({
    flag: 'image-client',
    value: 'PROGRAM',
    parse: text,
    otherwise: null,
    help: 'docker, podman or nerdctl: asked for the user and group that an image on this machine sets',
  }),
  args: row<readonly string[]>({
    flag: 'arg',
    value: '--OPTION=VALUE',
    parse: texts,
    otherwise: [],
    repeats: true,
    help: 'an argument for memhound watch in the pod, as --arg=--every=5s; may be repeated',
  }),
  requests: row<Readonly<Record<string, string>>>({
    flag: 'requests',
    value: 'NAME=QUANTITY,...',
    parse: resources,
    otherwise: {},
    otherwiseText: 'cpu=10m,memory=64Mi',
    help: "memhound's requests",
  }),
  limits: row<Readonly<Record<string, string>>>({
    flag: 'limits',
    value: 'NAME=QUANTITY,...',
    parse: resources,
    otherwise: {},
    otherwiseText: 'memory=128Mi',
    help: "memhound's limits",
  }),
  native: row<boolean>({
    flag: 'native',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'add a native sidecar: an init container with restartPolicy: Always (Kubernetes 1.29); Jobs and CronJobs always get one',
  }),
  remove: row<boolean>({
    flag: 'remove',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'remove what inject has added, and nothing else',
  }),
  kube: row<number>({
    flag: 'kube',
    value: '1.N',
    parse: kubeMinor,
    otherwise: 31,
    otherwiseText: '1.31',
    help: "the cluster's version",
  }),
  image: row<string | null>({
    flag: 'image',
    value: 'IMAGE',
    parse: text,
    otherwise: null,
    otherwiseText: `ghcr.io/memhound/memhound:${VERSION}`,
    help: "memhound's image",
  }),
};

const TABLES = {
  watch: WATCH_ROWS,
  explain: {
    ...TARGET_ROWS,
    verdict: row<boolean>({
      flag: 'verdict',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'print instead the verdict of the memhound that runs at --host and --port, with its rules, limits and fields',
    }),
    ended: row<boolean>({
      flag: 'ended',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'print instead the final verdict of the container that ended last, its last ledger and its last hour; of --target, if given',
    }),
    ...API_ROWS,
    release: row<boolean>({
      flag: 'release',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'also let the JVM collect and have its malloc give back what was freed, and print what each gave back; uses the attach protocol and costs the JVM a full collection',
    }),
    histogram: row<boolean>({
      flag: 'histogram',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'also print the ten classes of the heap that grew most in ten seconds; takes two class histograms through the attach protocol, and each costs the JVM a full collection',
    }),
  },
  analyze: {
    ...HISTORY_ROWS,
    failOn: FAIL_ON_ROWS,
    explain: row<boolean>({
      flag: 'explain',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'print the facts behind the verdict, field by field',
    }),
    json: TARGET_ROWS.json,
  },
  capture: {
    every: row<number>({
      flag: 'every',
      value: 'TIME',
      parse: evenInterval,
      otherwise: 1,
      otherwiseText: '1s',
      help: 'time between lines',
    }),
    for: row<number>({
      flag: 'for',
      value: 'TIME',
      parse: seconds,
      otherwise: 60,
      otherwiseText: '60s',
      help: 'how long to record',
    }),
    withPaths: row<boolean>({
      flag: 'with-paths',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'keep paths and command lines; without it they are redacted',
    }),
    ...TARGET_ROWS,
  },
  history: {
    data: WATCH_ROWS.data,
    days: row<number>({ flag: 'days', value: 'N', parse: whole(1, 92), otherwise: 14, help: 'length of the history in days' }),
    targets: row<number>({ flag: 'targets', value: 'N', parse: whole(1, 16), otherwise: 3, help: 'number of containers' }),
    mainClass: row<string | null>({
      flag: 'main-class',
      value: 'NAME',
      parse: text,
      otherwise: null,
      help: 'main class of the JVMs that continue the history',
    }),
    every: WATCH_ROWS.every,
    maxDisk: WATCH_ROWS.maxDisk,
  },
  fleet: {
    prometheus: row<string | null>({
      flag: 'prometheus',
      value: 'URL',
      parse: httpUrl,
      otherwise: null,
      help: 'URL of Prometheus, Thanos, Mimir, VictoriaMetrics or a managed service, with its prefix; required',
    }),
    selector: row<string>({
      flag: 'selector',
      value: 'SELECTOR',
      parse: text,
      otherwise: '{}',
      otherwiseText: 'all containers',
      help: 'only containers whose series have these labels, such as {namespace="prod"}',
    }),
    since: row<number>({
      flag: 'since',
      value: 'TIME',
      parse: seconds,
      otherwise: 14 * DAY_S,
      otherwiseText: '14d',
      help: 'length of the history that is read',
    }),
    until: row<number | null>({
      flag: 'until',
      value: 'WHEN',
      parse: moment,
      otherwise: null,
      otherwiseText: 'now',
      help: 'end of the history that is read: RFC 3339 or epoch seconds',
    }),
    ...HISTORY_ROWS,
    failOn: FAIL_ON_ROWS,
    falseAlarms: row<number>({
      flag: 'false-alarms',
      value: 'SHARE',
      parse: share,
      otherwise: 0.1,
      otherwiseText: '0.1',
      help: 'share of the alarms that may be expected to be false; a smaller one gives fewer alarms',
    }),
    all: row<boolean>({
      flag: 'all',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'print also containers that do not grow',
    }),
    watch: row<number | null>({
      flag: 'watch',
      value: 'TIME',
      parse: seconds,
      otherwise: null,
      otherwiseText: 'once',
      help: 'repeat each TIME, such as 1h, until it is interrupted',
    }),
    report: row<string | null>({
      flag: 'report',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: 'also write a page to this file: HTML that loads nothing from elsewhere',
    }),
    resume: row<string | null>({
      flag: 'resume',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: 'keep the rows in this file, and continue with it after an interruption',
    }),
    partialOk: row<boolean>({
      flag: 'partial-ok',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'exit as if nothing were missing, where a part of the data could not be read',
    }),
    bearerTokenFile: row<string | null>({
      flag: 'bearer-token-file',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: 'file with a bearer token for the server',
    }),
    basicAuthFile: row<string | null>({
      flag: 'basic-auth-file',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: 'file with USER:PASSWORD for the server',
    }),
    headerFile: row<string | null>({
      flag: 'header-file',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: 'file with headers for the server, one NAME: VALUE a line, such as X-Scope-OrgID: prod',
    }),
    caFile: row<string | null>({
      flag: 'ca-file',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: "PEM file of the authority that signed the server's certificate",
    }),
    certFile: row<string | null>({
      flag: 'cert-file',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: "PEM file of the client's certificate",
    }),
    keyFile: row<string | null>({
      flag: 'key-file',
      value: 'FILE',
      parse: text,
      otherwise: null,
      help: "PEM file of the client's key",
    }),
    clusterLabel: row<string>({
      flag: 'cluster-label',
      value: 'NAME',
      parse: labelName,
      otherwise: 'cluster',
      help: 'label by which clusters are told apart, where the server has several',
    }),
    readBy: row<'remote-read' | 'export' | 'query-range' | null>({
      flag: 'read-by',
      value: 'WAY',
      parse: oneOf(['remote-read', 'export', 'query-range'] as const),
      otherwise: null,
      otherwiseText: 'the cheapest that the server has',
      help: 'how samples are read: remote-read, export (VictoriaMetrics) or query-range',
    }),
    threads: row<number>({
      flag: 'threads',
      value: 'N',
      parse: whole(1, 16),
      otherwise: 2,
      otherwiseText: '2',
      help: 'threads that read and evaluate, each over one connection',
    }),
    timeout: row<number>({
      flag: 'timeout',
      value: 'TIME',
      parse: seconds,
      otherwise: 2 * MINUTE_S,
      otherwiseText: '2m',
      help: 'longest time that the server may send nothing, or less than 16 KiB a second of an answer',
    }),
    json: TARGET_ROWS.json,
  },
  inject: INJECT_ROWS,
  kubectl: {
    namespace: row<string | null>({
      flag: 'namespace',
      value: 'NAME',
      parse: text,
      otherwise: null,
      otherwiseText: "kubectl's",
      help: 'the namespace; also -n NAME',
    }),
    context: row<string | null>({
      flag: 'context',
      value: 'NAME',
      parse: text,
      otherwise: null,
      otherwiseText: "kubectl's",
      help: 'the context of the kubeconfig',
    }),
    kubeconfig: row<string | null>({
      flag: 'kubeconfig',
      value: 'FILE',
      parse: text,
      otherwise: null,
      otherwiseText: "kubectl's",
      help: 'the kubeconfig',
    }),
    timeout: row<number>({
      flag: 'timeout',
      value: 'SECONDS',
      parse: whole(1, 3600),
      otherwise: 300,
      help: 'how long to wait for a rollout, a container or a verdict',
    }),
    containers: INJECT_ROWS.containers,
    runAs: INJECT_ROWS.runAs,
    args: INJECT_ROWS.args,
    requests: INJECT_ROWS.requests,
    limits: INJECT_ROWS.limits,
    native: INJECT_ROWS.native,
    remove: INJECT_ROWS.remove,
    kube: INJECT_ROWS.kube,
    image: INJECT_ROWS.image,
  },
  culprit: {
    pid: TARGET_ROWS.pid,
    cgroup: TARGET_ROWS.cgroup,
    podUid: TARGET_ROWS.podUid,
    target: TARGET_ROWS.target,
    own: TARGET_ROWS.own,
    procRoot: TARGET_ROWS.procRoot,
    cgroupRoot: TARGET_ROWS.cgroupRoot,
    json: TARGET_ROWS.json,
    cause: row<CulpritCause>({
      flag: 'cause',
      value: 'CAUSE',
      parse: oneOf(CULPRIT_CAUSES),
      otherwise: 'heap',
      help: CULPRIT_CAUSES.join(', '),
    }),
    for: row<number>({
      flag: 'for',
      value: 'TIME',
      parse: seconds,
      otherwise: MINUTE_S,
      otherwiseText: '60s',
      help: 'time from the first look to the last',
    }),
    noRecording: row<boolean>({
      flag: 'no-recording',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'no recording of the flight recorder during the looks: of heap no holder and no place of allocation, of native no size of the direct buffers',
    }),
    release: row<boolean>({
      flag: 'release',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'native: also tell what a collection gives back, and what malloc does when it is trimmed (System.trim_native_heap)',
    }),
  },
};

const SPECS: { readonly [K in keyof typeof TABLES]: CommandSpec } = {
  watch: {
    name: 'watch',
    about: 'samples the container on a schedule, evaluates it, and serves the page and the API',
    operands: null,
  },
  explain: {
    name: 'explain',
    about: 'answers once where the memory is now: prints the ledger, the files, the JVM, and what each tool shows',
    operands: null,
  },
  culprit: {
    name: 'culprit',
    about:
      'asks a JVM several times, through its attach listener, and names what grew: a class, a pool of threads, loaders of classes, native memory',
    operands: null,
  },
  analyze: {
    name: 'analyze',
    about: 'evaluates recorded series, recordings and Prometheus answers, and prints a verdict for each; - is standard input',
    operands: 'FILE...',
  },
  fleet: {
    name: 'fleet',
    about: 'evaluates every container that a Prometheus server has metrics of, and prints those that leak, the most urgent first',
    operands: null,
  },
  inject: {
    name: 'inject',
    about:
      'adds the sidecar to manifests (YAML or JSON; a folder is all below it, - or nothing is standard input), and writes them to standard output',
    operands: '[FILE]...',
  },
  kubectl: {
    name: 'kubectl',
    about:
      'as kubectl memhound: adds memhound to a workload or a pod of a cluster, through kubectl, and prints the sentence of its verdict',
    operands: 'inject KIND/NAME | verdict KIND/NAME | debug POD',
  },
  history: {
    name: 'history',
    about: 'fill: fills a folder with days of synthetic history, for measurements; the folder must be new or empty',
    operands: 'fill',
  },
  capture: { name: 'capture', about: 'records the raw files of the container as JSON lines on standard output', operands: null },
};

export type CommandName = keyof typeof TABLES;
export type Options<K extends CommandName> = Values<(typeof TABLES)[K]>;

/** Options of one command from its arguments and the environment. */
export function parseOptions<K extends CommandName>(
  command: K,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Outcome<(typeof TABLES)[K]> {
  return parseTable(SPECS[command], TABLES[command], argv, env);
}

export type WatchConfig = Omit<Options<'watch'>, 'minHistory'> & { readonly minHistory: number };

/** Options of `watch`. They are also checked in combination. */
export function parseConfig(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
):
  | { readonly state: 'ok'; readonly config: WatchConfig }
  | { readonly state: 'help'; readonly text: string }
  | { readonly state: 'bad'; readonly problems: readonly string[] } {
  const parsed = parseOptions('watch', argv, env);
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
  const minHistory = options.minHistory ?? Math.max(HISTORY_ROWS.minHistory.otherwise, 10 * options.every);
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
