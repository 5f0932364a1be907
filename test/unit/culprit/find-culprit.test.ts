import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCulprit } from '../../../src/culprit/find-culprit.ts';
import { QUESTIONS } from '../../../src/culprit/questions.ts';
import type { CulpritCause, CulpritQuestion } from '../../../src/culprit/types.ts';
import type { Reading } from '../../../src/sources/types.ts';
import { MIB, SECOND_MS } from '../../../src/units.ts';

const question = (cause: CulpritCause, more: Partial<CulpritQuestion> = {}): CulpritQuestion => ({
  roots: { proc: '/proc', cgroup: '/sys/fs/cgroup' },
  process: { name: 'java', pid: 1, nspid: 1, startTicks: 0, uid: 0, gid: 0 },
  cause,
  forMs: 5,
  mayRecord: false,
  release: false,
  readNative: async () => ({ state: 'absent', reason: 'there are no mappings' }),
  signal: new AbortController().signal,
  onLook: () => {},
  ...more,
});

const read = (value: string): Reading<string> => ({ state: 'read', value, atMs: 0 });
const heap = (mib: number) => read(`   1:  ${mib}  ${mib * 2 ** 20}  com.acme.Order\n   2:  1  9999999  [B\n`);

test('it asks as often as the cause wants, tells each look, and names what grew', async () => {
  const told: number[] = [];
  let asked = 0;
  const found = await findCulprit(question('heap', { onLook: (done) => told.push(done) }), async () => heap(10 * ++asked));
  assert.equal(found.state === 'named' && found.culprit.name, 'com.acme.Order');
  assert.equal(asked, QUESTIONS.heap.looks);
  assert.deepEqual(told, [1, 2, 3, 4, 5]);
});

test('a JVM is not asked where it was cancelled before', async () => {
  const found = await findCulprit(question('heap', { signal: AbortSignal.abort() }), () => {
    throw new Error('asked');
  });
  assert.equal(found.state === 'unknown' && found.because, 'cancelled');
});

test('a cancel ends the wait between two looks', async () => {
  const stop = new AbortController();
  let asked = 0;
  const found = await findCulprit(
    question('heap', { forMs: 86_400 * SECOND_MS, signal: stop.signal, onLook: () => stop.abort() }),
    async () => heap(++asked),
  );
  assert.equal(found.state === 'unknown' && found.because, 'cancelled');
  assert.equal(asked, 1);
});

test('a look that took more than ten seconds is the last', async () => {
  let asked = 0;
  let clock = 0;
  const found = await findCulprit(
    question('heap'),
    async () => {
      asked++;
      clock += 11 * SECOND_MS;
      return heap(asked);
    },
    () => clock,
  );
  assert.equal(found.state === 'unknown' && found.because, 'over-budget');
  assert.equal(asked, 1);
});

test('a JVM that does not answer, or is gone, fails with its reason', async () => {
  const failed = await findCulprit(question('threads'), async () => ({
    state: 'failed',
    error: 'no reply',
    remediation: 'wait',
  }));
  assert.deepEqual(failed, { state: 'failed', cause: 'threads', error: 'no reply', remediation: 'wait' });
  const absent = await findCulprit(question('threads'), async () => ({ state: 'absent', reason: 'pid 1 has ended' }));
  assert.deepEqual(absent, { state: 'failed', cause: 'threads', error: 'pid 1 has ended', remediation: null });
});

test('a JVM without the command fails with the name of the command', async () => {
  const found = await findCulprit(question('metaspace'), async () =>
    read('java.lang.IllegalArgumentException: Unknown diagnostic command\n'),
  );
  assert.match(found.state === 'failed' ? found.error : '', /does not have the command VM\.classloader_stats/);
});

test('of loaders that became more it is told what of the application is alive in them, and which threads came with them', async () => {
  let n = 0;
  const found = await findCulprit(question('metaspace'), async (_, command) => {
    const [copies, numbers] = [Array.from({ length: n }), Array.from({ length: 9 })];
    if (command === 'GC.class_histogram')
      return read([...copies.map(() => '  1:  1  16  Shop$Prices'), ...numbers.map(() => '  2:  9  144  Once')].join('\n'));
    if (command === 'Thread.print')
      return read(
        copies
          .map(
            (_, at) =>
              `"prices-${at}" #${at} daemon\n\tat java.lang.Thread.sleep(Native Method)\n\tat Shop$Prices.run(Shop.java:22)\n`,
          )
          .join('\n'),
      );
    n += 3;
    return read(Array.from({ length: n }, (_, at) => `0x${at + 1}  0x0  0x2  4  12288  20000  app.Loader`).join('\n'));
  });
  assert.ok(found.state === 'named', JSON.stringify(found));
  assert.equal(found.culprit.more.loaders, 18);
  assert.deepEqual(found.keepers, {
    classes: ['Shop$Prices'],
    threads: { name: 'prices-N', more: 18, frame: 'Shop$Prices.run(Shop.java:22)' },
    drivers: false,
    threadLocals: false,
    mbeans: false,
  });
});

test('the JVM collects before the first look at its loaders and before the last, since dropped loaders wait for that', async () => {
  const commands: string[] = [];
  await findCulprit(question('metaspace'), async (_, command) => {
    commands.push(command);
    return read('');
  });
  const look = 'VM.classloader_stats';
  const beside = ['GC.class_histogram', 'Thread.print'];
  assert.deepEqual(commands, [...beside, look, look, look, look, look, look, ...beside, look]);
});

test('a JVM that does not track its native memory fails with the option that turns it on', async () => {
  const found = await findCulprit(question('native'), async () => read('Native memory tracking is not enabled\n'));
  assert.equal(found.state === 'failed' && found.remediation, '-XX:NativeMemoryTracking=summary');
});

test('the experiment counts what the collections of the first look and of the last gave back outside the heap', async () => {
  const order: string[] = [];
  let bytes = 400 * MIB;
  const found = await findCulprit(
    question('native', {
      release: true,
      readNative: async () => {
        order.push('mappings');
        return {
          state: 'read',
          atMs: 0,
          value: { kinds: [{ name: 'malloc arenas', bytes, isMalloc: true }], mappedFileBytes: 0 },
        };
      },
    }),
    async (_, command) => {
      order.push(command);
      if (command === 'GC.class_histogram') bytes -= 100 * MIB;
      return read('Native memory tracking is not enabled');
    },
  );
  assert.ok(found.state === 'unknown' && found.native?.released?.state === 'read', JSON.stringify(found));
  const { beforeBytes, afterCollectionBytes, by } = found.native.released.value;
  assert.deepEqual([beforeBytes / MIB, afterCollectionBytes / MIB, by], [400, 200, 'collection']);
  assert.deepEqual(order.slice(-5), ['mappings', 'GC.class_histogram', 'mappings', 'VM.native_memory summary', 'mappings']);
});

test('without the mappings a JVM whose tracking is off has no answer, and the option that turns it on is told', async () => {
  const found = await findCulprit(question('native'), async () => read('Native memory tracking is not enabled'));
  assert.equal(found.state === 'failed' && found.remediation, '-XX:NativeMemoryTracking=summary');
});

test('values of ThreadLocals that became more with the loaders are told, unless threads did, too', async () => {
  const keepers = async (threads: number) => {
    let n = 0;
    const found = await findCulprit(question('metaspace'), async (_, command) => {
      if (command === 'GC.class_histogram') return read(`  1:  ${40 + n}  1000  java.lang.ThreadLocal$ThreadLocalMap$Entry\n`);
      if (command === 'Thread.print')
        return read(Array.from({ length: 4 + (n > 0 ? threads : 0) }, (_, at) => `"w-${at}" #${at}\n\n`).join(''));
      n += 3;
      return read(Array.from({ length: n }, (_, at) => `0x${at + 1}  0x0  0x2  4  12288  20000  app.Loader`).join('\n'));
    });
    return found.state === 'named' ? found.keepers : null;
  };
  assert.equal((await keepers(0))?.threadLocals, true);
  assert.equal((await keepers(20))?.threadLocals, false);
});
