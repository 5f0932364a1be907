// npm run bench:live: the cost of open pages for the sidecar. The built `memhound watch` on a real JVM at ticks of 1 s; a page is
// represented by its WebSocket, which carries the ticks and the tables. Takes nine minutes; `-- many` alone seven, `-- stuck` alone two.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Hello } from '../../src/outlets/status.ts';
import { makeCgroup } from '../../test/support/cgroup.ts';
import { diskDir } from '../../test/support/dirs.ts';
import { startJava } from '../../test/support/java.ts';
import { watch } from '../../test/support/memhound.ts';
import { upperMedian } from '../stats/median.ts';

const TURNS = 3;
const TICKS = 60;
const PAGES = 50;
const GOAL_MS = 5;
/** Number of browsers that stop reading: the cost of one is smaller than the noise of the sidecar's heap. */
const STUCK = 20;
const GOAL_BYTES = 2 ** 20;
/** The sidecar checks its clients twice a minute, and drops those that did not answer between two checks. */
const LONGEST_STUCK_S = 75;

/** What web/data/api.ts keeps open: one WebSocket that listens to the ticks and to the tables of its target. */
class OpenPage {
  samples = 0;
  tables = 0;
  readonly opened: Promise<void>;
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
    this.opened = new Promise((resolve) => {
      this.#socket.on('message', (data) => {
        const text = String(data);
        if (text.startsWith('{"type":"hello"')) {
          this.#socket.send(JSON.stringify({ tables: (JSON.parse(text) as Hello).targets[0]!.id }));
          resolve();
        }
        if (text.startsWith('{"type":"sample"')) this.samples++;
        if (text.startsWith('{"type":"tables"')) this.tables++;
      });
    });
  }

  /** From now on nothing is read from it, as if the browser hung; the connection stays open. */
  stick(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.terminate();
  }
}

const cgroup = makeCgroup(768 << 20);
const dir = diskDir('memhound-live-');
const java = await startJava('demo/SpringLog.java', [join(dir, 'spring.log'), '2', '3600'], { cgroup });
await java.line((line) => line.startsWith('logging'));
const hound = await watch(['--pid', String(java.pid), '--every', '1s']);
try {
  // Compiled code and the first files come with the first ticks.
  await delay(30_000);
  const parts = process.argv.slice(2);
  if (parts.length === 0 || parts.includes('many')) await manyPages();
  if (parts.length === 0 || parts.includes('stuck')) await stuckPages();
} finally {
  await hound.stop();
  await java.stop('SIGKILL');
  await cgroup.remove();
  rmSync(dir, { recursive: true });
}

async function manyPages(): Promise<void> {
  const [one, many]: [number[], number[]] = [[], []];
  // In turns, so that other work of the sidecar (fits that grow with history) counts for both sides.
  for (let turn = 0; turn < TURNS; turn++) {
    one.push(await msPerTick(1));
    many.push(await msPerTick(PAGES));
  }
  const more = upperMedian(many) - upperMedian(one);
  console.log(`one page open: ${upperMedian(one).toFixed(2)} ms CPU a tick (median of ${TURNS} times ${TICKS} ticks)`);
  say(`${PAGES} pages: ${more.toFixed(2)} ms more`, `${GOAL_MS} ms`, more <= GOAL_MS);
}

/** The cost of real sockets that are no longer read, until the sidecar drops them. */
async function stuckPages(): Promise<void> {
  const watching = new OpenPage(hound.url);
  await watching.opened;
  const highest = async (done: (seconds: number) => boolean): Promise<{ anon: number; queued: number; seconds: number }> => {
    const peak = { anon: 0, queued: 0, seconds: 0 };
    for (; !done(peak.seconds); peak.seconds++) {
      await delay(1000);
      peak.anon = Math.max(peak.anon, anonBytes());
      peak.queued = Math.max(peak.queued, queuedBytes());
    }
    return peak;
  };
  // The maximum over the same time without stuck clients, because the heap goes up and down.
  const before = await highest((seconds) => seconds >= LONGEST_STUCK_S);
  const open = Array.from({ length: STUCK }, () => new OpenPage(hound.url));
  await Promise.all(open.map((p) => p.opened));
  for (const p of open) p.stick();
  const during = await highest((seconds) => seconds >= LONGEST_STUCK_S || dropped() >= STUCK);
  const each = (Math.max(0, during.anon - before.anon) + during.queued) / STUCK;
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
  say(
    `a browser that stops reading: ${kib(each)} (RssAnon and the kernel's queue, most of ${STUCK} at once, each)`,
    '1 MiB',
    each <= GOAL_BYTES,
  );
  say(`${dropped()} of ${STUCK} dropped after ${during.seconds} s`, 'all', dropped() === STUCK);
  say(`the one beside them got ${watching.samples} samples`, 'all', watching.samples >= before.seconds + during.seconds - 2);
  for (const p of [watching, ...open]) p.close();
}

function say(found: string, goal: string, met: boolean): void {
  console.log(`${found}; goal ${goal} ${met ? 'met' : 'MISSED'}`);
  if (!met) process.exitCode = 1;
}

/** Anonymous memory of the sidecar (proc(5), status). */
function anonBytes(): number {
  const status = readFileSync(`/proc/${hound.running.pid}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** Bytes of the sidecar's answers in the kernel that no client has read: tx_queue of its port's connections (proc(5), /proc/net/tcp). */
function queuedBytes(): number {
  const port = Number(new URL(hound.url).port).toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync(`/proc/${hound.running.pid}/net/tcp`, 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local]) => local!.endsWith(`:${port}`))
    .reduce((sum, row) => sum + Number.parseInt(row[4]!.split(':')[0]!, 16), 0);
}

/** Number of dropped clients in the log. */
function dropped(): number {
  return hound.running
    .output()
    .split('\n')
    .filter((line) => line.includes('was dropped')).length;
}

/** CPU of the sidecar's process, ms: utime and stime of /proc/PID/stat, in ticks of 10 ms (proc(5)). */
function cpuMs(): number {
  const stat = readFileSync(`/proc/${hound.running.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function msPerTick(pages: number): Promise<number> {
  const open = Array.from({ length: pages }, () => new OpenPage(hound.url));
  await Promise.all(open.map((p) => p.opened));
  await delay(2000);
  const [before, from] = [cpuMs(), open[0]!.samples];
  while (open[0]!.samples < from + TICKS) await delay(100);
  const ms = (cpuMs() - before) / (open[0]!.samples - from);
  if (open.some((p) => p.tables === 0)) throw new Error('a page got no tables');
  for (const p of open) p.close();
  await delay(1000);
  return ms;
}
