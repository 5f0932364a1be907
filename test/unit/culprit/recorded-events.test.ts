import assert from 'node:assert/strict';
import { test } from 'node:test';
import { culpritText } from '../../../src/culprit/culprit-text.ts';
import { recordingSettings, sumRecording } from '../../../src/culprit/recorded-events.ts';
import type { RecordedCause } from '../../../src/culprit/types.ts';
import { MIB } from '../../../src/units.ts';
import { type MadeClass, madeChunk, utf8, varint } from '../../support/made-jfr.ts';
import { madeStack, STACK_CLASSES, STRING, TRACE } from '../../support/made-stack.ts';

const [LONG, WRITE] = [9, 100];
const CLASSES: readonly MadeClass[] = [
  ...STACK_CLASSES,
  { id: LONG, name: 'long' },
  {
    id: WRITE,
    name: 'jdk.FileWrite',
    fields: [
      ['stackTrace', TRACE, 'pooled'],
      ['path', STRING],
      ['bytesWritten', LONG],
    ],
  },
];

interface Write {
  readonly path: string;
  readonly bytes: number;
  /** Line of com.acme.Writer.write. */
  readonly line: number;
}

async function summed(cause: RecordedCause, chunk: Buffer, dirtied: number | null = null) {
  const found = await sumRecording(cause, chunk, 60, dirtied);
  assert.ok(found !== null);
  return found;
}

/** What is said of a recording of these writes. */
const recorded = (...writes: readonly Write[]) => recordedOf(null, writes);

async function recordedOf(dirtied: number | null, writes: readonly Write[]) {
  const stacks = new Map(writes.map(({ line }) => [line, madeStack([`com/acme/Writer.write:${line}`])]));
  const events = writes.map(({ path, bytes, line }) => [WRITE, [...varint(line), ...utf8(path), ...varint(bytes)]] as const);
  const chunk = madeChunk({ classes: CLASSES, events, checkpoints: [new Map([[TRACE, stacks]])] });
  return summed('page-cache', chunk, dirtied);
}
const write = (path: string, mib: number, line = 1): Write => ({ path, bytes: mib * MIB, line });

test('the file that has half of all written bytes is named, with the line that wrote most of it', async () => {
  const found = await recorded(
    write('/tmp/app.log', 5, 41),
    write('/tmp/app.log', 4, 41),
    write('/tmp/app.log', 1, 7),
    write('/data/x', 2),
  );
  assert.deepEqual(culpritText(found), [
    'page-cache: /tmp/app.log has 83 % of the 12 MiB that Java code wrote to files in 60 s, 90 % of it from com.acme.Writer.write:41',
    '  /data/x: 2 MiB, 16 %, all of it from com.acme.Writer.write:1',
  ]);
});

test('no file is named where the process made more pages dirty than all events together tell', async () => {
  const found = await recordedOf(160 * MIB, [write('/tmp/app.log', 2)]);
  assert.equal(found.culprit, null);
  assert.match(
    culpritText(found)[0]!,
    /^page-cache: not known, because the process wrote at least 158 MiB more to files in 60 s than the 2 MiB of which the recorder has events/,
  );
  assert.equal((await recordedOf(3 * MIB, [write('/tmp/app.log', 2)])).culprit?.name, '/tmp/app.log');
});

test('pages that small writes made dirty again and again are no bytes that no event tells of', async () => {
  const lines = Array.from({ length: 400 }, () => ({ path: '/data/log.1', bytes: 100, line: 7 }));
  assert.equal((await recordedOf(400 * 4096, lines)).culprit?.name, '/data/log.1');
  assert.equal((await recordedOf(40 * MIB, lines)).culprit, null);
});

test('where no line has half of a file, none is named', async () => {
  const found = await recorded(write('/a', 1, 1), write('/a', 1, 2), write('/a', 1, 3));
  assert.equal(found.culprit?.name, '/a');
  assert.equal(found.culprit.from, null);
});

test('many files of one folder are named by their folder and number', async () => {
  const found = await recorded(write('/up/1', 1), write('/up/2', 1), write('/up/3', 1), write('/log/a', 1));
  assert.equal(found.culprit?.name, '/up/ (3 files)');
  assert.equal(found.culprit.from?.line, 'com.acme.Writer.write:1');
});

test('where neither a file nor a folder has half, what was written is listed, and nothing is named', async () => {
  const found = await recorded(write('/a/1', 1), write('/b/1', 1), write('/c/1', 1));
  assert.equal(found.culprit, null);
  const [first, ...rows] = culpritText(found);
  assert.match(first!, /^page-cache: not known, because nothing has half of the 3 MiB that Java code wrote to files in 60 s/);
  assert.equal(rows.length, 3);
});

test('where nothing was written, the answer says what a recording does not see', async () => {
  assert.match(culpritText(await recorded())[0]!, /Java code wrote to no file in 60 s\. Memory-mapped files, native code/);
});

test('the settings of a recording have each event of the cause, with stacks and without a threshold', () => {
  const settings = recordingSettings('sock');
  assert.match(settings, /<event name="jdk.SocketRead">[\s\S]*<event name="jdk.SocketWrite">/);
  assert.equal(settings.match(/<setting name="threshold">0 ms</g)?.length, 2);
});

test('stacks that stand in the events themselves are told apart', async () => {
  const classes = CLASSES.map((made) =>
    made.id === WRITE ? { ...made, fields: [['stackTrace', TRACE] as const, ...made.fields!.slice(1)] } : made,
  );
  const events = [1, 2, 3].map(
    (line) => [WRITE, [...madeStack([`com/acme/Writer.write:${line}`]), ...utf8('/a'), ...varint(MIB)]] as const,
  );
  assert.equal((await summed('page-cache', madeChunk({ classes, events }))).culprit?.from, null);
});

const [START, THREAD] = [101, 102];
const STARTS: readonly MadeClass[] = [
  ...STACK_CLASSES,
  { id: THREAD, name: 'java.lang.Thread', fields: [['javaName', STRING]] },
  {
    id: START,
    name: 'jdk.ProcessStart',
    fields: [
      ['eventThread', THREAD],
      ['stackTrace', TRACE],
      ['command', STRING],
    ],
  },
];
const started = (thread: string) =>
  [START, [...utf8(thread), ...madeStack(['com/acme/Thumbs.make:7']), ...utf8('/bin/convert a b')]] as const;

test('the thread that starts a program is named, those of a pool as one', async () => {
  const events = [started('thumbs-1'), started('thumbs-2'), started('main')];
  const found = await summed('process', madeChunk({ classes: STARTS, events }));
  assert.deepEqual(culpritText(found), [
    'process: /bin/convert has all of the 3 starts of programs by Java code in 60 s, all of it from com.acme.Thumbs.make:7, in the thread thumbs-N',
  ]);
});

test('where no thread has half of the starts, none is named', async () => {
  const events = ['a', 'b', 'c'].map(started);
  assert.equal((await summed('process', madeChunk({ classes: STARTS, events }))).culprit?.thread, null);
});

test('a JDK whose recorder does not know the events of a cause is told from one in which there were none', async () => {
  assert.equal(await sumRecording('process', madeChunk({ classes: CLASSES, events: [] }), 60, null), null);
  assert.match(
    culpritText({ state: 'unknown', cause: 'process', because: 'no-such-event', native: null, grown: [] })[0]!,
    /^process: not known, because the flight recorder of this JDK has no such events: those of started programs came with JDK 15/,
  );
});
