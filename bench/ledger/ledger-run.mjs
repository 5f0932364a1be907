// One scenario, on the host or inside the guest of test/uml/run.sh: starts the program in its container, and memhound, lets it
// grow, and prints one JSON line with the ledger, the program's own figures and the verdict. Plain JavaScript, so that
// the guest needs no loader. Argument: JSON {java, hound, waitSeconds}, each of both a command line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const plan = JSON.parse(process.argv[2]);
/** Until then the young generation has been filled once, and class loading is done. */
const SETTLED_MS = 10_000;

/** Starts a program and records each line that it prints, with its time. */
function start([command, ...args]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = [];
  let wake = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push({ line, atMs: Date.now() });
    wake();
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors = (errors + text).slice(-2000);
  });
  child.on('exit', () => wake());
  const until = async (fits) => {
    for (;;) {
      const found = lines.find(({ line }) => fits(line));
      if (found !== undefined) return found;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command} ${args.at(-1)} ended: ${errors}`);
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  };
  const stop = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
  };
  return { child, lines, until, stop };
}

const get = async (url) => (await fetch(url)).json();
const flat = (parts) => parts.flatMap((p) => [p, ...flat(p.parts ?? [])]);

/** The figures that the program had reported by then: bytes, and threads if it counts them. */
function said(java, word, atMs) {
  const before = java.lines.filter((l) => l.atMs <= atMs && l.line.startsWith(`${word} `));
  return Math.max(0, ...before.map((l) => Number(l.line.split(' ')[1])));
}

/** A ledger whose mappings were read after `sinceMs`. */
async function freshLedger(url, sinceMs) {
  for (let tries = 0; ; tries++) {
    const book = await get(`${url}/api/v1/ledger`);
    const read = flat(book.parts ?? []).some((p) => p.name === 'code cache' && Date.parse(p.at) >= sinceMs);
    if (read || tries >= 60) return book;
    await delay(1000);
  }
}

const java = start(plan.java);
let hound = null;
try {
  await java.until((l) => l === 'ready');
  hound = start(plan.hound.map((word) => (word === 'PID' ? String(java.child.pid) : word)));
  const { url } = JSON.parse((await hound.until((l) => l.includes('"listening"'))).line);
  await delay(SETTLED_MS);
  const before = await freshLedger(url, Date.now());
  if (plan.waitSeconds !== null) await delay(plan.waitSeconds * 1000);
  else await java.until((l) => l === 'done');
  const verdict = await get(`${url}/api/v1/verdict`);
  const doneMs = Date.now();
  // Idle: charge batches are drained, memory.stat has been flushed, and the files have been scanned again.
  await delay(5000);
  const after = await freshLedger(url, doneMs);
  const more = [];
  for (let n = 0; n < 5; n++) {
    await delay(1000);
    more.push(await get(`${url}/api/v1/ledger`));
  }
  const at = (book) => {
    const time = (p) => Date.parse(p.at);
    return flat(book.parts).map((p) => ({
      name: p.name,
      bytes: p.bytes,
      note: p.note ?? '',
      allocated: said(java, 'allocated', time(p)),
      threads: said(java, 'threads', time(p)),
    }));
  };
  const rests = [after, ...more].map(({ unexplainedBytes, boundBytes, totalBytes }) => ({
    unexplainedBytes,
    boundBytes,
    totalBytes,
  }));
  const { trend, leak, cause, causes, headline } = verdict;
  console.log(
    JSON.stringify({
      before: at(before),
      after: at(after),
      last: at(more.at(-1)),
      rests,
      verdict: { trend, leak, cause, causes, headline },
    }),
  );
} catch (error) {
  console.log(JSON.stringify({ error: String(error.stack ?? error) }));
  process.exitCode = 1;
} finally {
  await hound?.stop('SIGTERM');
  await java.stop('SIGKILL');
}
