import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { membersOf } from '../../../../src/sources/process/other-processes.ts';

/** Tells the pid of a child that it starts. Node has threads, as a JVM has. */
const PROGRAM = `const child = require('node:child_process').spawn('sleep', ['60']);
console.log(child.pid);
process.stdin.on('end', () => { child.kill(); process.exit(); }).resume();`;

test('what a shell had started before it became the program is not told to be started by the program', async (t) => {
  // So that the two do not begin within one tick of the clock.
  const script = 'sleep 60 & echo $!; sleep 0.1; exec "$0" -e "$1"';
  const main = spawn('sh', ['-c', script, process.execPath, PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(main, 'exit');
  const pids: number[] = [];
  t.after(async () => {
    main.stdin.end();
    for (const pid of pids.slice(0, 1)) process.kill(pid);
    await ended;
  });
  for await (const line of createInterface({ input: main.stdout })) if (pids.push(Number(line)) === 2) break;
  const [before, own] = pids as [number, number];
  const found = membersOf('/proc', [main.pid!, before, own], main.pid!);
  const parents = new Map(found.map(({ pid, parent }) => [pid, parent?.pid ?? null]));
  assert.deepEqual([parents.get(before), parents.get(own)], [null, main.pid]);
});
