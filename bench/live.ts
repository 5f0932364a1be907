// npm run bench:live: what open pages cost the sidecar. The built `memhound watch` on a real JVM at ticks of 1 s; a page is
// what it keeps open: its WebSocket, over which the ticks and the tables come. Takes seven minutes.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Hello } from '../src/outlets/status.ts';
import { makeCgroup } from '../test/support/cgroup.ts';
import { diskDir } from '../test/support/dirs.ts';
import { startJava } from '../test/support/java.ts';
import { watch } from '../test/support/memhound.ts';

const TURNS = 3;
const TICKS = 60;
const PAGES = 50;
const GOAL_MS = 5;

/** What web/api.ts keeps open: one WebSocket that listens to the ticks and to the tables of its target. */
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
  const [one, many]: [number[], number[]] = [[], []];
  // In turns, so that what the sidecar does anyway (fits that grow with history) does not count for one side alone.
  for (let turn = 0; turn < TURNS; turn++) {
    one.push(await msPerTick(1));
    many.push(await msPerTick(PAGES));
  }
  const median = (all: number[]): number => all.sort((a, b) => a - b)[all.length >> 1]!;
  const more = median(many) - median(one);
  console.log(`one page open: ${median(one).toFixed(2)} ms CPU a tick (median of ${TURNS} times ${TICKS} ticks)`);
  console.log(`${PAGES} pages: ${more.toFixed(2)} ms more; goal ${GOAL_MS} ms ${more <= GOAL_MS ? 'met' : 'MISSED'}`);
  if (more > GOAL_MS) process.exitCode = 1;
} finally {
  await hound.stop();
  await java.stop('SIGKILL');
  await cgroup.remove();
  rmSync(dir, { recursive: true });
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
