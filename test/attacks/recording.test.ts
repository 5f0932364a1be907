import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findRecorded } from '../../src/culprit/find-recorded.ts';
import type { Culprit } from '../../src/culprit/types.ts';
import { MIB } from '../../src/units.ts';
import { type MadeChunk, type MadeClass, madeChunk, utf8, varint } from '../support/made-jfr.ts';

const [uid, gid] = [process.getuid!(), process.getgid!()];

/** What a program that pretends to be a JVM does when its recording is to be stopped; `file` is where that is expected. */
type Stop = (file: string, root: string) => void;

/** Asks such a program who fills the page cache. */
async function askedFor(t: TestContext, { started = '0\nStarted recording 1.\n', stop = (() => {}) as Stop } = {}) {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-recording-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const root = join(proc, '7/root');
  mkdirSync(join(root, 'tmp'), { recursive: true });
  writeFileSync(join(proc, '7/status'), `Name:\tjava\nPid:\t7\nUid:\t${uid}\t${uid}\nNSpid:\t7\nSigCgt:\t0000000000000004\n`);
  writeFileSync(join(proc, '7/stat'), `7 (java) S ${[1, ...new Array(17).fill(0)].join(' ')} 100 0 0\n`);
  let settings = '';
  const server = createServer((socket) => {
    socket.once('data', (data) => {
      const line = String(data);
      const name = /name=(memhound-7-[0-9a-f]{16})/.exec(line)?.[1];
      assert.ok(name !== undefined, line);
      if (line.includes('JFR.start')) settings = readFileSync(join(root, `tmp/${name}.jfc`), 'utf8');
      else stop(join(root, `tmp/${name}.jfr`), root);
      socket.end(line.includes('JFR.start') ? started : '0\nStopped recording.\n');
    });
  });
  await once(server.listen(join(root, 'tmp/.java_pid7')), 'listening');
  t.after(() => server.close());
  const target = { pid: 7, nspid: 7, startTicks: 100, uid, gid, name: 'java' };
  const culprit = await findRecorded(
    {
      roots: { proc, cgroup: '/' },
      process: target,
      cause: 'page-cache',
      forMs: 5,
      mayRecord: true,
      release: false,
      readNative: async () => ({ state: 'absent', reason: 'not asked' }),
      signal: new AbortController().signal,
      onLook: () => {},
    },
    'page-cache',
  );
  const left = readdirSync(join(root, 'tmp')).filter((name) => name.startsWith('memhound-'));
  return { culprit, settings, left, root };
}

const errorOf = (culprit: Culprit): string => (culprit.state === 'failed' ? culprit.error : JSON.stringify(culprit));

test('the settings of a recording are whole when the JVM reads them, and are gone afterwards, also where it refuses', async (t) => {
  const { culprit, settings, left } = await askedFor(t, { started: '0\nCould not start\u001b[2J recording\n' });
  assert.match(settings, /<configuration[\s\S]*<\/configuration>\s*$/);
  assert.match(errorOf(culprit), /^JFR\.start: Could not start/);
  assert.deepEqual(left, []);
});

test('a recording may take half of the memory that memhound has left, whatever its file is', async (t) => {
  t.mock.method(process, 'constrainedMemory', () => process.memoryUsage.rss() + 16 * MIB);
  const { culprit, left } = await askedFor(t, { stop: (file) => writeFileSync(file, Buffer.alloc(9 * MIB)) });
  assert.match(errorOf(culprit), /^the recording: expected at most [78](\.\d+)? MiB, found 9 MiB/);
  assert.deepEqual(left, []);
});

const secret = 'a file of memhound';
const planted: Record<string, { readonly stop: Stop; readonly said: RegExp; readonly left: number }> = {
  'a link to another file': {
    stop: (file, root) => {
      writeFileSync(join(root, 'secret'), secret);
      symlinkSync('../secret', file);
    },
    said: /ENOTREGULAR at its file/,
    left: 0,
  },
  'a FIFO': { stop: (file) => void execFileSync('mkfifo', [file]), said: /ENOTREGULAR at its file/, left: 0 },
  'a folder': { stop: (file) => mkdirSync(file), said: /ENOTREGULAR at its file/, left: 1 },
  nothing: { stop: () => {}, said: /ENOENT at its file/, left: 0 },
  'an empty file': {
    stop: (file) => writeFileSync(file, ''),
    said: /^the recording: expected a recording, found an empty file/,
    left: 0,
  },
  'a file of other bytes': {
    stop: (file) => writeFileSync(file, 'x'.repeat(4096)),
    said: /expected a chunk of a JFR recording/,
    left: 0,
  },
  'a file of a terabyte': {
    stop: (file) => {
      writeFileSync(file, '');
      truncateSync(file, 2 ** 40);
    },
    said: /expected at most .* found 1,?024 GiB|expected at most .* found 1 TiB/,
    left: 0,
  },
};
/** Recordings of some kilobytes that refer to the same bytes again and again, or whose values take none. */
const STRING = { id: 2, name: 'java.lang.String' };
const LONG = 'x'.repeat(65_000);
const pooledText = new Map([[STRING.id, new Map([[1, utf8(LONG)]])]]);
const written = (fields: MadeClass['fields']): MadeClass => ({ id: 9, name: 'jdk.FileWrite', fields: fields! });
const bombs: Record<string, { readonly chunk: MadeChunk; readonly said: RegExp }> = {
  'a list of 30,000 values without bytes': {
    chunk: {
      classes: [{ id: 3, name: 'app.Empty' }, written([['all', 3, 'array']])],
      events: [[9, [...varint(30_000), ...new Array<number>(30_000).fill(0)]]],
    },
    said: /expected at most 16384 values/,
  },
  'a long text that 30,000 events refer to': {
    chunk: {
      classes: [
        STRING,
        { id: 4, name: 'long' },
        written([
          ['path', 2],
          ['bytesWritten', 4],
        ]),
      ],
      events: Array.from({ length: 30_000 }, () => [9, [2, 1, 1]] as const),
      checkpoints: [pooledText],
    },
    said: /expected at most 50000000 values in a recording/,
  },
  'a stack of 1,000 frames with long names': {
    chunk: {
      classes: [
        STRING,
        { id: 4, name: 'long' },
        { id: 5, name: 'jdk.types.Symbol', fields: [['string', 2]] },
        {
          id: 6,
          name: 'jdk.types.Method',
          fields: [
            ['type', 7],
            ['name', 5],
          ],
        },
        { id: 7, name: 'java.lang.Class', fields: [['name', 5]] },
        { id: 8, name: 'jdk.types.StackTrace', fields: [['frames', 10, 'array']] },
        { id: 10, name: 'jdk.types.StackFrame', fields: [['method', 6, 'pooled']] },
        written([
          ['path', 2],
          ['bytesWritten', 4],
          ['stackTrace', 8],
        ]),
      ],
      events: [[9, [...utf8('/a'), 1, ...varint(1000), ...new Array<number>(1000).fill(1)]]],
      checkpoints: [
        new Map([
          [2, new Map([[1, utf8(LONG)]])],
          [6, new Map([[1, [2, 1, 2, 1]]])],
        ]),
      ],
    },
    said: /expected at most 500000 values of an event/,
  },
};
for (const [what, { chunk, said }] of Object.entries(bombs))
  planted[what] = { stop: (file) => writeFileSync(file, madeChunk(chunk)), said, left: 0 };

for (const [what, { stop, said, left }] of Object.entries(planted))
  test(`${what} in place of the recording is told, costs no memory and is removed where it can be`, async (t) => {
    const before = process.memoryUsage().rss;
    const asked = await askedFor(t, { stop });
    assert.match(errorOf(asked.culprit), said);
    assert.equal(asked.left.length, left);
    assert.ok(process.memoryUsage().rss - before < 64 * MIB);
    if (existsSync(join(asked.root, 'secret'))) assert.equal(readFileSync(join(asked.root, 'secret'), 'utf8'), secret);
  });
