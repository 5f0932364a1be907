import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Jdk } from '../../scripts/jdks.mjs';
import type { Verdict } from '../../src/diagnosis/types.ts';
import { GIB } from '../../src/units.ts';
import { makeCgroup, type TestCgroup } from '../../test/support/cgroup.ts';
import type { Comparison } from '../../test/support/jvm-figures.ts';
import { lookAtLedger } from '../../test/support/jvm-ledger.ts';
import { jstat } from '../../test/support/jvm-truth.ts';
import { type Memhound, watch } from '../../test/support/memhound.ts';
import { type Running, start } from '../../test/support/process.ts';
import { freePort } from './clients.ts';
import type { Client, Place, Server } from './servers.ts';

export interface ServerResult {
  readonly ledger: readonly Comparison[];
  /** Verdicts of a leak while the server did what it always does. */
  readonly alarms: readonly string[];
  readonly quietRequests: number;
  /** What was said of the growth, and after how many seconds; null: nothing in time. */
  readonly found: { readonly seconds: number; readonly headline: string } | null;
  /** The last headline, whatever it is. */
  readonly headline: string;
}

export interface Plan {
  /** A round of the load before memhound is started, in which classes are loaded and methods compiled; 0: there is none. */
  readonly warmSeconds: number;
  readonly quietSeconds: number;
  readonly growthSeconds: number;
  /** How often a second. */
  readonly quietRate: number;
  readonly growthRate: number;
  /** memhound's --min-history. */
  readonly minHistorySeconds: number;
}

/** Some requests a second for so long, or until `done`; the answer is how many there were. */
export async function load(request: () => Promise<void>, rate: number, seconds: number, done: () => boolean): Promise<number> {
  const began = performance.now();
  let n = 0;
  while (performance.now() - began < seconds * 1000 && !done()) {
    await request();
    const ahead = (++n / rate) * 1000 - (performance.now() - began);
    if (ahead > 0) await delay(ahead);
  }
  return n;
}

/** Asks for the verdict every two seconds until it is stopped. */
function verdicts(hound: Memhound, take: (verdict: Verdict) => void): () => Promise<void> {
  let on = true;
  const loop = (async () => {
    while (on) {
      // On a busy machine a connection may have been idle until its server closes it, and then the question is asked once more.
      take(await hound.verdict().catch(() => hound.verdict()));
      await delay(2000);
    }
  })();
  return () => {
    on = false;
    return loop;
  };
}

/** A server answers its port some seconds after it was started. */
async function connect(server: Server, place: Place, java: Running): Promise<Client> {
  let ended = false;
  java.exited.then(() => {
    ended = true;
  });
  for (let tries = 0; ; tries++) {
    try {
      const client = await server.connect(place);
      await client.quiet();
      return client;
    } catch (error) {
      if (ended || tries > 600) throw new Error(`${server.name} does not answer: ${(error as Error).message}\n${java.output()}`);
      await delay(500);
    }
  }
}

/** So many methods compiled in one round are the rest of a warm-up. */
const FEW_METHODS = 40;
const MOST_ROUNDS = 12;

/** Quiet load, faster than later, until hardly any methods are compiled: on a busy machine that takes minutes. */
async function warmUp(client: Client, jdk: Jdk, pid: number, seconds: number): Promise<void> {
  const compiled = async () => (await jstat(jdk, pid, 'compiler')).get('Compiled') ?? 0;
  let before = await compiled();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    await load(client.quiet, 50, seconds, () => false);
    const now = await compiled();
    if (now - before <= FEW_METHODS) return;
    before = now;
  }
}

/** A server that answers, in a cgroup and a folder of its own. */
export interface RunningServer {
  readonly client: Client;
  readonly java: Running;
  readonly cgroup: TestCgroup;
  readonly folder: string;
}

/** Starts a server, and ends it with all that it wrote once `use` is done. */
export async function withServer<T>(
  server: Server,
  jdk: Jdk,
  root: string,
  use: (running: RunningServer) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-server-'));
  const cgroup = makeCgroup(2 * GIB);
  const place: Place = { jdk, root, folder, port: await freePort() };
  const flags = ['-XX:+UseSerialGC', '-Xmx256m', '-Xmn16m', '-XX:NativeMemoryTracking=detail'];
  const java = start(cgroup.join(jdk.java, [...flags, ...server.start(place)]), { cwd: folder });
  let client: Client | null = null;
  try {
    client = await connect(server, place, java);
    return await use({ client, java, cgroup, folder });
  } finally {
    await client?.close();
    await java.stop('SIGKILL');
    await cgroup.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a server under quiet load, then lets it grow, with memhound beside it. */
export const runServer = (server: Server, jdk: Jdk, root: string, plan: Plan): Promise<ServerResult> =>
  withServer(server, jdk, root, async ({ client, java, cgroup, folder }) => {
    if (plan.warmSeconds > 0) await warmUp(client, jdk, java.pid, plan.warmSeconds);
    const history = ['--data', join(folder, 'memhound'), '--min-history', `${plan.minHistorySeconds}s`];
    const hound = await watch(['--pid', String(java.pid), '--every', '1s', ...history]);
    try {
      return await watched(hound, { server, jdk, plan, client, java, cgroup, folder });
    } finally {
      await hound.stop();
    }
  });

interface Watched extends RunningServer {
  readonly server: Server;
  readonly jdk: Jdk;
  readonly plan: Plan;
}

async function watched(hound: Memhound, { server, jdk, plan, client, java, cgroup, folder }: Watched): Promise<ServerResult> {
  const alarms = new Set<string>();
  const stopQuiet = verdicts(hound, ({ leak, headline }) => {
    if (leak === true) alarms.add(headline);
  });
  const quietRequests = await load(client.quiet, plan.quietRate, plan.quietSeconds, () => false).finally(stopQuiet);
  const ledger = (await lookAtLedger(jdk, java.pid, cgroup, false)).figures;
  const began = performance.now();
  const growth: { found: ServerResult['found']; headline: string } = { found: null, headline: '' };
  const stopGrowth = verdicts(hound, ({ cause, leak, trend, headline }) => {
    growth.headline = headline;
    const said =
      cause === server.cause && server.names.test(headline) && (leak === true || (cause === 'page-cache' && trend === 'growing'));
    if (said) growth.found ??= { seconds: Math.round((performance.now() - began) / 1000), headline };
  });
  try {
    await load(client.grow, plan.growthRate, plan.growthSeconds, () => growth.found !== null);
  } catch (error) {
    // What grows may end the server before it is named: an OutOfMemoryError.
    growth.headline += ` (then the server no longer answered: ${(error as Error).message})`;
  } finally {
    await stopGrowth();
  }
  const named = (headline: string) => headline.replaceAll(folder, '');
  return {
    ledger,
    alarms: [...alarms].map(named),
    quietRequests,
    found: growth.found && { ...growth.found, headline: named(growth.found.headline) },
    headline: named(growth.headline),
  };
}
