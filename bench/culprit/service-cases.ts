import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchJdk } from '../../scripts/jdks.mjs';
import type { Culprit, CulpritCause } from '../../src/culprit/types.ts';
import { compile, startJava } from '../../test/support/java.ts';
import { MEMHOUND } from '../../test/support/memhound.ts';
import { run, start } from '../../test/support/process.ts';
import { atOnce, repeated } from './at-once.ts';
import { MIXED_CASES } from './mixed-cases.ts';
import { FLAGS, FOR, type Outcome } from './outcome.ts';

export interface ServiceCase {
  /** The program; HeldCase.java for the heap and StartedCase.java for the rest, if it is not told. */
  readonly main?: string;
  readonly cause: CulpritCause;
  /** A shape of the program. */
  readonly shape: string;
  readonly what: string;
  /** What should be named. null: nothing leaks, or no event tells of it. */
  readonly name: RegExp | null;
  /** Of a heap: what should be said to hold it. null: no field of the program does. */
  readonly holder?: RegExp | null;
  /** Of a recording: the method. */
  readonly method?: string;
  /** On this JDK instead of the installed one. */
  readonly jdk?: number;
}

const BYTES = /^byte\[\]$/;
const LOCALS = /ThreadLocal\$ThreadLocalMap$/;
const heap = (shape: string, what: string, holder: RegExp | null, name: RegExp | null = BYTES): ServiceCase => ({
  cause: 'heap',
  shape,
  what,
  name,
  holder,
});
const started = (cause: CulpritCause, shape: string, what: string, name: RegExp | null, method?: string): ServiceCase => ({
  cause,
  shape,
  what,
  name,
  ...(method === undefined ? {} : { method }),
});

const CASES: readonly ServiceCase[] = [
  heap('listeners', 'listeners (lambdas) that are never removed', /\$EventBus\.listeners$/),
  heap('library-map', 'a static map of a library', /\$Registry\.KNOWN$/),
  heap('records', 'records in a ConcurrentSkipListMap', /\$Quotes\.BY_TIME$/, /^double\[\]$/),
  heap('executor-queue', 'tasks before a worker that is stuck', /LinkedBlockingQueue of HeldCase\$\$Lambda$/),
  heap('futures', 'stages that depend on a CompletableFuture', /\$Startup\.READY$/),
  heap('fork-join', 'tasks in the common ForkJoinPool', /ForkJoinPool\$WorkQueue of HeldCase\$Job$/),
  heap('timer', 'tasks of a Timer', /TaskQueue of HeldCase\$Reminder$/),
  heap('event-loop', 'what fifty connections of an event loop have to send', /\$EventLoop\.channels$/),
  heap('method-handles', 'bound method handles', /\$Handlers\.ALL$/),
  heap('proxies', 'dynamic proxies', /\$Proxies\.MADE$/),
  heap('leak-beside-lru', 'a list beside a bounded cache of the same class', /\$Audit\.TRAIL$/),
  heap('leak-beside-pool', 'a list beside a pool of the same class that breathes', /\$Audit\.TRAIL$/),
  heap('hash-set', 'a set of numbers', /\$Seen\.IDS$/, /HashMap\$Node/),
  heap('map-of-longs', 'a map of numbers', /\$Prices\.BY_ID$/, /java\.lang\.Long/),
  heap('weak-keys', 'a WeakHashMap whose values refer to their keys', /\$Decorations\.OF$/),
  heap('soft-references', 'soft references', /^java\.lang\.ref\.SoftReference$/),
  heap('thread-locals', 'thread locals of four workers', LOCALS),
  heap('one-thread-local', 'a thread local of one worker', LOCALS),
  heap('tree', 'a tree of the program', /\$Tree\.root$/),
  heap('tenants', 'caches of twenty tenants', /\$Tenants\.ALL$/),
  heap('locals-of-a-thread', 'a list on the stack of a thread', /ArrayList of byte\[\]$/),
  { ...heap('virtual-threads', 'virtual threads that wait', /^java\.lang\.VirtualThread$/), jdk: 21 },
  heap('map-of-strings', 'a map of texts, of which no class has half', /\$Headers\.BY_USER$/, /byte\[\]/),
  heap('lru', 'decoy: a bounded cache whose entries change', null, null),
  heap('one-buffer', 'decoy: one buffer that doubles now and then', null, null),
  started('threads', 'executors', 'an executor for each request', /^pool-N-thread-N$/),
  started('threads', 'timers', 'a Timer for each request', /^Timer-N$/),
  started('threads', 'http-clients', 'an HttpClient for each request', /^HttpClient-N-SelectorManager$/),
  started('threads', 'named-by-request', 'threads whose names have nothing in common', /./),
  started('threads', 'cached-pool', 'decoy: a cached pool with bursts of tasks', null),
  started('metaspace', 'hidden', 'hidden classes', /^hidden classes of .*AppClassLoader$/),
  started('metaspace', 'scripts', 'scripts, each in a loader, in a static map', /\$ScriptLoader$/),
  started('metaspace', 'proxy-classes', 'proxies of interfaces in new loaders', /\$1InterfaceLoader$/),
  started('metaspace', 'scripts-dropped', 'decoy: scripts that are dropped', null),
  started('metaspace', 'scripts-bounded', 'decoy: a bounded cache of scripts', null),
  started('native', 'deflaters', 'Deflaters that are not ended', /^malloc without the buffers of java\.nio$/),
  started('native', 'unsafe', 'memory of Unsafe', /^malloc without the buffers of java\.nio$/),
  started('native', 'deflaters-breathe', 'decoy: Deflaters that come and go', null),
  started('page-cache', 'deleted-file', 'a file that was deleted', /\/gone\.tmp/, 'StartedCase$Spill.write'),
  started('page-cache', 'wrapped-logger', 'a logger of the program itself', /\/trace\.log$/, 'StartedCase$Trace.log'),
  started('page-cache', 'transfer', 'decoy: transferTo beside a small log', null),
  started('page-cache', 'asynchronous-channel', 'decoy: an asynchronous channel beside a small log', null),
  started('page-cache', 'mapped-buffers', 'decoy: mapped files', null),
  started('sock', 'selector', 'a SocketChannel', /:\d+$/, 'StartedCase$Feed.publish'),
  started('sock', 'datagrams', 'decoy: datagrams, of which there are no events', null),
  started('process', 'shell', 'a shell for each conversion', /^\/bin\/sh$/, 'StartedCase$Converter.convert'),
];

export interface ServiceResult {
  readonly cause: CulpritCause;
  readonly what: string;
  readonly outcome: Outcome;
  readonly answer: string;
}

/** Programs that keep, start and write in the ways in which services do, at most so many at once. */
export function serviceResults(only: string | null, times: number, most: number): Promise<ServiceResult[]> {
  const made = [...CASES, ...MIXED_CASES].filter(({ cause, shape }) => only === null || `${cause} ${shape}`.includes(only));
  return atOnce(repeated(made, times), most, async (one) => {
    const result = { cause: one.cause, what: one.what, ...judged(one, await answerOf(one)) };
    console.error(`${one.cause} ${one.shape}: ${result.outcome}, ${result.answer}`);
    return result;
  });
}

async function answerOf({ main: program, cause, shape, jdk }: ServiceCase): Promise<Culprit> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-service-'));
  const main = program ?? (cause === 'heap' ? 'HeldCase' : 'StartedCase');
  const file = `bench/culprit/${main}.java`;
  // The heap of some is larger than that of the other programs.
  const flags = [...FLAGS, '-Xmx900m'];
  const java =
    jdk === undefined
      ? await startJava(file, [shape, folder], { flags })
      : start([javaOf(jdk), [...flags, '-cp', await compile(file), main, shape, folder]]);
  try {
    await java.line((line) => line === 'ready');
    const args = [MEMHOUND, 'culprit', '--json', '--cause', cause, '--for', FOR, '--pid', String(java.pid)];
    const { code, stdout, stderr } = await run(process.execPath, args);
    if (code !== 0) throw new Error(`${cause} ${shape}: ${stderr}`);
    return JSON.parse(stdout.replaceAll(folder, '').replaceAll(folder.replaceAll(/\d+/g, 'N'), '')) as Culprit;
  } finally {
    await java.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function javaOf(line: number): string {
  const fetched = fetchJdk(line);
  if (fetched.state === 'missing') throw new Error(`JDK ${line}: ${fetched.reason}`);
  return fetched.jdk.java;
}

function judged({ cause, name, holder, method }: ServiceCase, found: Culprit): Pick<ServiceResult, 'outcome' | 'answer'> {
  if (found.state === 'failed') return { outcome: 'not known', answer: found.error };
  if (found.state === 'unknown') return { outcome: name === null ? 'right' : 'not known', answer: found.because };
  if (found.state === 'recorded') {
    const { culprit } = found;
    if (culprit === null) return { outcome: name === null ? 'right' : 'not known', answer: 'nothing is named' };
    const line = culprit.from?.line ?? null;
    const isRight = name?.test(culprit.name) === true && (line === null || method === undefined || line.startsWith(`${method}:`));
    return { outcome: isRight ? 'right' : 'wrong', answer: `${culprit.name}, ${line ?? 'no line'}` };
  }
  const { culprit, retention, usedBy } = found;
  const known = retention?.state === 'known' ? retention.heldBy : null;
  const heldBy = known ?? (found.keepers?.threadLocals === true ? { name: 'values of ThreadLocals', thread: null } : null);
  const thread = heldBy === null || heldBy.thread === null ? '' : ` of the thread ${heldBy.thread}`;
  const answer = `${culprit.name}, ${Math.floor(100 * culprit.share)} %${usedBy === null ? '' : `, ${usedBy.line}`}${heldBy === null ? '' : `, ${heldBy.name}${thread}`}`;
  if (name === null || !name.test(culprit.name)) return { outcome: 'wrong', answer };
  if (usedBy !== null && method !== undefined && !usedBy.line?.startsWith(`${method}:`)) return { outcome: 'wrong', answer };
  if (usedBy === null && cause === 'descriptors' && method !== undefined) return { outcome: 'not known', answer };
  if (heldBy === null) return { outcome: holder ? 'not known' : 'right', answer };
  return { outcome: holder?.test(heldBy.name) ? 'right' : 'wrong', answer };
}
