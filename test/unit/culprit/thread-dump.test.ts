import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { nameGroup, nameGroupOrWider } from '../../../src/culprit/name-group.ts';
import { QUESTIONS } from '../../../src/culprit/questions.ts';
import { parseThreadDump } from '../../../src/culprit/thread-dump.ts';

const dump = (jdk: number, look: 1 | 2) =>
  QUESTIONS.threads.groups(
    readFileSync(new URL(`../../fixtures/thread-dumps/jdk-${jdk}-look-${look}.txt`, import.meta.url), 'utf8'),
  );

for (const jdk of [8, 11, 17, 21, 25]) {
  test(`the pool that grew is named on JDK ${jdk}, beside a pool that is full and one that breathes`, () => {
    const found = nameGroup('threads', [dump(jdk, 1), dump(jdk, 2)]);
    assert.equal(found.state, 'named');
    if (found.state !== 'named') return;
    assert.equal(found.culprit.name, 'http-nio-N-exec-N');
    assert.deepEqual(found.culprit.sizes, [4, 24]);
    assert.ok(found.culprit.share >= 0.8 && found.culprit.share < 1, `share ${found.culprit.share}`);
    assert.deepEqual([found.stand?.frame, found.stand?.threads], ['Leak.stand(Leak.java:4)', 24]);
    assert.match(found.stand!.stack[0]!, /park|sleep|wait/i);
    assert.ok(found.stand!.stack.includes(found.stand!.frame));
    assert.ok(!found.grown.some((g) => g.name === 'full-pool-N'));
  });
}

test('threads of the JVM itself do not count', () => {
  assert.deepEqual(parseThreadDump('"VM Thread" os_prio=0 tid=0x1 nid=0x2 runnable\n\n"main" #1 prio=5\n'), [
    { name: 'main', threads: 1, stand: null },
  ]);
});

test('threads that stand in the JDK alone stand where they wait, not in how the JDK waits', () => {
  const idle = [
    'jdk.internal.misc.Unsafe.park',
    'java.util.concurrent.locks.LockSupport.park',
    'java.util.concurrent.LinkedBlockingQueue.take',
  ];
  const timer = ['java.lang.Object.wait', 'java.util.TimerThread.mainLoop'];
  const stack = (name: string, frames: readonly string[]) =>
    `"${name}" #1\n${frames.map((frame) => `\tat ${frame}(java.base@17/A.java:1)\n`).join('')}\n`;
  assert.deepEqual(
    parseThreadDump(`${stack('pool-1', idle)}${stack('Timer', timer)}${stack('asleep', ['java.lang.Thread.sleep'])}`).map(
      ({ stand }) => stand?.frame.replace(/\(.*/, ''),
    ),
    ['java.util.concurrent.LinkedBlockingQueue.take', 'java.util.TimerThread.mainLoop', 'java.lang.Thread.sleep'],
  );
});

const looksOf = (dumps: readonly string[]) =>
  dumps.map((text) => ({ groups: QUESTIONS.threads.groups(text), wider: QUESTIONS.threads.wider!(text) }));
const threadsOf = (names: readonly string[], frames: readonly string[]) =>
  names.map((name) => `"${name}" #1\n${frames.map((frame) => `\tat ${frame}\n`).join('')}\n`).join('');
const CITIES = ['berlin', 'oslo', 'paris', 'rome', 'wien', 'zagreb'];
const PARKED = 'java.lang.Object.wait(java.base@17/Object.java:1)';

test('threads whose names have nothing in common are named by their stack, with the number of names', () => {
  const stack = [PARKED, 'app.Queue.take(Queue.java:9)', 'app.Sync.run(Sync.java:5)'];
  const found = nameGroupOrWider('threads', looksOf([threadsOf(CITIES.slice(0, 1), stack), threadsOf(CITIES, stack)]));
  assert.ok(found.state === 'named', JSON.stringify(found));
  assert.equal(found.culprit.name, 'threads in app.Queue.take(Queue.java:9) below app.Sync.run(Sync.java:5)');
  assert.deepEqual([found.culprit.sizes, found.culprit.more], [[1, 6], { names: 5 }]);
  assert.deepEqual(found.stand?.stack, stack);
});

test('threads that wait in one method for several parts of the program are no group', () => {
  const dump = (n: number) =>
    ['A', 'B', 'C']
      .map((part) =>
        threadsOf(
          CITIES.slice(0, n).map((city) => `${part} ${city}`),
          [PARKED, 'app.Queue.take(Queue.java:9)', `app.${part}.run(${part}.java:5)`, 'app.Worker.run(Worker.java:3)'],
        ),
      )
      .join('');
  const found = nameGroupOrWider('threads', looksOf([dump(1), dump(6)]));
  assert.equal(found.state === 'unknown' && found.because, 'no-group-has-half');
});

test('idle threads of several pools that stand in the JDK alone are no group', () => {
  const found = nameGroupOrWider('threads', looksOf([threadsOf(CITIES.slice(0, 1), [PARKED]), threadsOf(CITIES, [PARKED])]));
  assert.equal(found.state === 'unknown' && found.because, 'no-group-has-half');
});

test('any text gives groups whose threads are no more than its lines', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('"a-1" #1 prio', '"a-2" #2', '\tat a.B.c(B.java:1)', '\tat ', '', '"', '"" #1'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const groups = parseThreadDump(lines.join('\n'));
      const threads = groups.reduce((sum, g) => sum + g.threads, 0);
      assert.ok(threads <= lines.join('\n').split('\n').length);
      for (const g of groups) assert.ok(g.threads > 0 && (g.stand === null || g.stand.threads <= g.threads));
    }),
  );
});

test('a container that invents a name for each of 20,000 threads gets 10,000 groups, and what was there before is counted on', () => {
  const invented = Array.from(
    { length: 20_000 },
    (_, i) => `"${i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)}" #${i}\n\n`,
  );
  const groups = parseThreadDump(`"pool-1" #1\n\n${invented.join('')}"pool-2" #2\n\n`);
  assert.equal(groups.length, 10_000);
  assert.deepEqual(groups[0], { name: 'pool-N', threads: 2, stand: null });
});

test('threads whose names have a UUID or a number in hexadecimal digits are of one pool', () => {
  const names = [
    'request-3f2a9c10-7b1e-4f0a-9d2c-0123456789ab',
    'request-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    'conn 0x7fAb',
    'conn 0x1',
  ];
  const dump = names.map((name, n) => `"${name}" #${n + 1} prio=5\n\tat a.A.run(A.java:1)\n`).join('\n');
  assert.deepEqual(
    parseThreadDump(dump).map(({ name, threads }) => [name, threads]),
    [
      ['request-N', 2],
      ['conn N', 2],
    ],
  );
});
