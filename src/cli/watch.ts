import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig, type WatchConfig } from '../config/watch-config.ts';
import { instancesInOrder } from '../daemon/match-histories.ts';
import { MemoryTrimmer } from '../daemon/memory-trimmer.ts';
import { podName, podResources } from '../daemon/pod-resources.ts';
import { selfAnonBytes, selfReport } from '../daemon/self-report.ts';
import { SelfTrendMonitor } from '../daemon/self-trend.ts';
import { Watcher, type WatcherOptions } from '../daemon/watcher.ts';
import { bytesText, safeName } from '../format.ts';
import { BoundedVolume, VolumeHangsError } from '../history/store/bounded-volume.ts';
import { readStoredFolders, type StoredFolder } from '../history/store/folder-owner.ts';
import { openStore, StoreError } from '../history/store/store.ts';
import { createApi } from '../outlets/http.ts';
import { attachLive } from '../outlets/live.ts';
import { createLog, type Log } from '../outlets/log.ts';
import { logNotifications } from '../outlets/notifications.ts';
import { createOps } from '../outlets/ops.ts';
import type { Status } from '../outlets/status.ts';
import { startWebhook } from '../outlets/webhook.ts';
import { type Schedule, startSchedule } from '../sample/schedule.ts';
import type { Located } from '../sources/cgroup/locate-cgroup.ts';
import { ProcessCache } from '../sources/process/known-processes.ts';
import { ownLimit } from '../sources/process/own-limit.ts';
import { ContainerPids } from '../sources/target/container-pids.ts';
import type { ObservedProcess } from '../sources/target/observed-processes.ts';
import type { TargetSearch } from '../sources/target/search-outcome.ts';
import { findTargets } from '../sources/target/target-search.ts';
import type { Roots } from '../sources/types.ts';
import { EvaluationCache } from '../trends/evaluation-cache.ts';
import { MIB } from '../units.ts';
import { VERSION } from '../version.ts';
import { print, printError, printJson, rootsOf, searchOptionsOf } from './command.ts';
import { Opened } from './opened.ts';
import { readSecret, readWebhookUrl, SecretFileError } from './secret-file.ts';

/** With less, it is OOM-killed when many pages are opened at once before two weeks of history (Node 24; measured in docs/faults.md). */
const LEAST_LIMIT_BYTES = 64 * MIB;

/** `memhound watch`: returns the exit code after a signal has stopped it, or if it cannot start. */
export async function watch(argv: string[]): Promise<number> {
  const parsed = parseConfig(argv, process.env);
  if (parsed.state === 'help') {
    process.stdout.write(parsed.text);
    return 0;
  }
  if (parsed.state === 'bad') {
    for (const problem of parsed.problems) printError(`memhound: ${problem}`);
    return 2;
  }
  const { config } = parsed;
  if (ownLimit() < LEAST_LIMIT_BYTES) {
    printError(
      `memhound: its own memory limit is ${bytesText(ownLimit())}; expected at least ${bytesText(LEAST_LIMIT_BYTES)}, which 50 open pages and weeks of history need; raise resources.limits.memory of its container, 128Mi is usual`,
    );
    return 2;
  }
  const roots = rootsOf(config);
  const log = createLog({ format: config.log, level: config.logLevel });
  const memory = { known: new ProcessCache<ObservedProcess | null>(), groups: new WeakMap<ObservedProcess, Located>() };
  const search = (represented: ReadonlySet<string>): Promise<TargetSearch> =>
    findTargets({ ...searchOptionsOf(config), ...memory, represented });
  // This is before the store is opened: if the search is refused, nothing is written.
  const stored = await storedFolders(config.data, log);
  const found = await search(instancesInOrder(stored));
  if (found.state === 'refused') {
    printError(`memhound: ${found.reason}${found.remediation === null ? '' : `\n${found.remediation}`}`);
    return found.exit;
  }
  try {
    return await serve(config, roots, log, { found, stored, search });
  } catch (error) {
    const said = operatorError(error, config);
    if (said === null) throw error;
    printError(`memhound: ${said.message}`);
    return said.exit;
  }
}

/** The folders of an earlier memhound. A volume that does not answer is no reason not to sample. */
async function storedFolders(dir: string | null, log: Log): Promise<StoredFolder[]> {
  if (dir === null) return [];
  try {
    await new BoundedVolume(dir).run(() => access(dir));
    return await readStoredFolders(dir);
  } catch (error) {
    if (error instanceof VolumeHangsError) log.warn({ error: error.message }, 'stored history cannot be read');
    else if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return []; // there is no folder yet, or the store says what is wrong with it
  }
}

type Beginning = { readonly found: TargetSearch } & Pick<WatcherOptions, 'stored' | 'search'>;

/** Serves until a signal comes, also one that comes during the start: a pod may be deleted before it is ready. */
async function serve(config: WatchConfig, roots: Roots, log: Log, beginning: Beginning): Promise<number> {
  const stopped = stopSignal();
  const opened = new Opened();
  try {
    await Promise.race([open(config, roots, log, beginning, opened), stopped]);
    const signal = await stopped;
    log.info({ signal }, 'stopping');
    return 0;
  } finally {
    await opened.close((error) => log.error({ error: textOf(error) }, 'not everything could be closed'));
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

async function open(config: WatchConfig, roots: Roots, log: Log, { found, stored, search }: Beginning, opened: Opened) {
  const token = config.tokenFile === null ? null : readSecret('--token-file', config.tokenFile, 'a bearer token');
  const webhookUrl = config.webhookFile === null ? null : readWebhookUrl(config.webhookFile);
  const store = await openStore({
    dir: config.data,
    maxDiskBytes: config.maxDisk,
    keepS: config.keep,
    everyS: config.every,
    log,
  });
  opened.add(() => {
    if (!store.hangs) return;
    log.error({}, 'the volume of --data does not answer, and an end would wait for it; memhound kills itself');
    process.kill(process.pid, 'SIGKILL');
  });
  const pids = new ContainerPids(roots);
  opened.add(() => pids.close());
  const evaluationCache = new EvaluationCache();
  const selfWatch = new SelfTrendMonitor(selfAnonBytes, evaluationCache);
  const trimmer = new MemoryTrimmer(selfAnonBytes, evaluationCache);
  let schedule: Schedule | null = null;
  const watcher = new Watcher({
    roots,
    everySeconds: config.every,
    minHistorySeconds: config.minHistory,
    pod: podResources(process.env),
    store,
    stored,
    search,
    log,
    pidsOf: (target) => pids.of(target),
    mayAttach: config.attach !== 'off',
    asksOnAlarm: config.attach === 'auto',
    evaluationCache,
    self: () =>
      selfReport({
        everySeconds: config.every,
        schedule: schedule?.state() ?? null,
        store: store.state(),
        trend: selfWatch.trend,
      }),
  });
  opened.add(() => watcher.close()); // and the store
  await watcher.begin(found, Date.now());
  await watcher.tick(Date.now(), { first: true });

  let begin: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    begin = resolve;
  }).then(() => watcher.restore(Date.now()));
  const guarded = { allowHosts: config.allowHosts, token };
  const webDir = join(dirname(fileURLToPath(import.meta.url)), '../web');
  const api = await createApi(watcher.status, {
    ...guarded,
    host: config.host,
    port: config.port,
    webDir,
    version: VERSION,
    log,
    settled,
  });
  opened.add(() => api.close());
  const live = attachLive(api, watcher.status, {
    ...guarded,
    version: VERSION,
    everySeconds: config.every,
    attach: config.attach !== 'off' && token !== null,
    log,
    settled,
  });
  opened.add(() => live.close());
  const ops = await createOps(watcher.status, {
    host: config.opsHost,
    port: config.opsPort,
    log,
    metrics: { files: config.metricsFiles, pod: podName(process.env) },
  });
  opened.add(() => ops.close());
  opened.add(logNotifications(watcher.status, log));
  if (webhookUrl !== null) {
    const webhook = startWebhook(watcher.status, { url: webhookUrl, log });
    opened.add(() => webhook.close());
  }
  const failed = (error: unknown): void =>
    log.error({ error: textOf(error) }, 'a tick failed; sampling continues with the next one');
  const tick = async (nowMs: number): Promise<void> => {
    await watcher.tick(nowMs);
    selfWatch.tick(nowMs);
    await trimmer.tick(nowMs);
  };
  printStart(config, found, api.url, ops.url, watcher.status);
  // node-cron first loads ICU's time zones for about 35 ms. The first sample is taken before that.
  const started = startSchedule(config.every, tick, failed);
  schedule = started;
  begin();
  let stopping = false;
  settled
    .then(() => (stopping ? undefined : watcher.scanFilesAndMappings(Date.now())))
    .then(() => (stopping ? undefined : trimmer.trimAfterStart(Date.now())))
    .catch(failed);
  opened.add(async () => {
    stopping = true;
    started.stop();
    store.giveUp();
    await Promise.allSettled([settled]); // do not close files that are being read; a failure has been logged already
  });
}

/** Prints the first lines: the target, how it is reached, and the address of the page. */
function printStart(config: WatchConfig, found: TargetSearch, url: string, opsUrl: string, status: Status): void {
  const [target] = status.targets();
  if (config.json) {
    printJson({ event: 'listening', url, opsUrl, target: target ?? null });
    return;
  }
  if (found.state === 'found') {
    const { chosen, notes } = found;
    const what =
      chosen.jvm !== null && chosen.process !== null
        ? `the JVM pid ${chosen.process.pid} (${safeName(chosen.process.name)})`
        : `the cgroup ${safeName(chosen.cgroup.path)}`;
    for (const note of notes) print(note);
    print(
      `Watching ${what} in cgroup v${chosen.cgroup.version} ${safeName(chosen.cgroup.path, 400)}, reached by ${chosen.reach} through ${safeName(chosen.cgroup.dir, 400)}`,
    );
  } else if (found.state === 'no-target') {
    print(found.reason);
    if (found.remediation !== null) print(found.remediation);
  }
  console.log(`Sampling every ${config.every} s. The page: ${url}`);
}

const stopSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });

/** One line for a failure that an operator can fix; null: a bug, which crashes with its stack trace. */
function operatorError(error: unknown, config: WatchConfig): { message: string; exit: 1 | 2 } | null {
  if (error instanceof SecretFileError) return { message: error.message, exit: 2 };
  if (error instanceof StoreError) return { message: error.message, exit: error.exit };
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  const flag = port === config.opsPort && port !== config.port ? '--ops-port' : '--port';
  if (code === 'EADDRINUSE')
    return {
      message: `port ${port} is in use by another memhound or another server; choose a port with ${flag} (0: any free port)`,
      exit: 1,
    };
  if (code === 'EACCES' && port !== undefined)
    return { message: `this user is not permitted to listen on port ${port}; choose a port above 1023 with ${flag}`, exit: 1 };
  if (code === 'EADDRNOTAVAIL')
    return { message: `${config.host} is not an address of this host; choose another with --host`, exit: 1 };
  return null;
}
