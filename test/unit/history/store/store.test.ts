import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSegment, SegmentError } from '../../../../src/history/segment.ts';
import { openStore, type Store, StoreError } from '../../../../src/history/store/store.ts';
import type { Sample } from '../../../../src/sample/types.ts';
import { fileRow } from '../../../support/rule-context.ts';

const folder = (t: { after: (f: () => void) => void }): string => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-store-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
const logged: string[] = [];
const log = { warn: (_: object, message: string) => void logged.push(message) };
const open = (dir: string | null, maxDiskBytes = 64 * 2 ** 20) => openStore({ dir, maxDiskBytes, everyS: 10, log });
const sample = (s: number, epoch = 'a'): Sample => ({
  atMs: s * 1000,
  epoch,
  values: { usage: s, anon: 2 * s },
  limitBytes: 1000,
  heapMaxBytes: 'max',
  failures: [],
});
const ALL = { fields: null, fromS: null, toS: null, points: null, epoch: 'all' } as const;

test('saved rows are read after a restart, with their run, limit and events', async (t) => {
  const dir = folder(t);
  const first = await open(dir);
  const h = await first.load('jvm');
  for (let s = 10; s <= 2000; s += 10) {
    h.append(sample(s, s < 1000 ? 'a' : 'b'));
    await first.save('jvm');
  }
  await first.close();
  const second = await open(dir);
  const again = await second.load('jvm');
  assert.deepEqual([...again.series(ALL).t], [...h.series(ALL).t]);
  assert.deepEqual([...again.series(ALL).fields.get('anon')!], [...h.series(ALL).fields.get('anon')!]);
  assert.deepEqual(again.events, h.events);
  assert.deepEqual([again.limitBytes, again.heapMaxBytes, again.epoch], [1000, 'max', h.epoch]);
  again.append(sample(2010, 'b'));
  assert.equal(again.events.length, 1, 'the same run continues: no second restart');
  await second.close();
});

test('after a kill every saved row is on disk', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const h = await store.load('jvm');
  for (let s = 10; s <= 70; s += 10) {
    h.append(sample(s));
    await store.save('jvm');
  }
  rmSync(join(dir, 'lock')); // as after a kill -9: no process has the lock
  const after = await (await open(dir)).load('jvm');
  assert.equal(after.lastS, 70);
});

test('only the newest, small segment is rewritten; sealed segments do not change', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const h = await store.load('jvm');
  const save = async (from: number, to: number) => {
    for (let s = from; s <= to; s += 10) {
      h.append(sample(s));
      await store.save('jvm');
    }
  };
  await save(10, 700);
  const names = () =>
    readdirSync(join(dir, 'jvm'))
      .filter((n) => n.endsWith('.json'))
      .sort();
  const sealed = join(dir, 'jvm', names()[0]!);
  const before = readFileSync(sealed, 'utf8');
  await save(710, 2000);
  assert.equal(readFileSync(sealed, 'utf8'), before);
  assert.ok(names().length >= 3);
  assert.ok(names().every((n) => parseSegment(readFileSync(join(dir, 'jvm', n), 'utf8')).t.length <= 60));
  await store.close();
});

test('a broken segment is renamed, and the others are read', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const h = await store.load('jvm');
  for (let s = 10; s <= 1300; s += 10) {
    h.append(sample(s));
    await store.save('jvm');
  }
  await store.close();
  const [victim] = readdirSync(join(dir, 'jvm')).sort();
  writeFileSync(join(dir, 'jvm', victim!), '{"schema":"memhound.history/1","t":[1,2');
  const again = await open(dir);
  assert.equal((await again.load('jvm')).lastS, 1300);
  assert.ok(readdirSync(join(dir, 'jvm')).some((n) => n.includes('.broken-')));
  assert.ok(logged.some((m) => m.includes('was renamed')));
  await again.close();
});

test('a truncated segment and foreign content are not accepted as a segment', () => {
  const text = JSON.stringify({
    schema: 'memhound.history/1',
    epoch: 'a',
    epochStart: null,
    limit: 1,
    heapMax: null,
    t: [1, 2],
    fields: { usage: [1, null] },
    events: [],
  });
  assert.deepEqual(parseSegment(text).fields, { usage: [1, null] });
  for (let n = 0; n < text.length; n++) assert.throws(() => parseSegment(text.slice(0, n)), SegmentError);
  for (const foreign of [
    'null',
    '[]',
    '{}',
    '{"schema":"memhound.history/9"}',
    text.replace('[1,null]', '[1]'),
    text.replace('[1,null]', '[1,"x"]'),
    text.replace('"usage"', '"constructor"'),
    text.replace('"limit":1', '"limit":"1"'),
    text.replace('"heapMax":null', '"heapMax":{}'),
    text.replace('"epoch":"a"', '"epoch":1'),
    text.replace('"epochStart":null', '"epochStart":"1"'),
    text.replace('[1,2]', '[2,1]'),
  ])
    assert.throws(() => parseSegment(foreign), SegmentError);
});

test('the disk budget is never exceeded, and the oldest segment is deleted first', async (t) => {
  const dir = folder(t);
  const budget = 2 ** 20;
  const store = await open(dir, budget);
  const h = await store.load('jvm');
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`field_${i}`, 123456789012 + i]));
  for (let s = 10; s <= 10_000; s += 10) {
    h.append({ ...sample(s), values: wide });
    await store.save('jvm');
  }
  await store.close();
  const bytes = readdirSync(join(dir, 'jvm')).reduce((sum, n) => sum + readFileSync(join(dir, 'jvm', n)).length, 0);
  assert.ok(bytes <= budget, String(bytes));
  const again = await (await open(dir, budget)).load('jvm');
  assert.equal(again.lastS, 10_000);
});

test('a second memhound on one folder is refused with the pid of the first; the lock of an exited one is replaced', async (t) => {
  const dir = folder(t);
  // Process 1 exists and is not this one.
  const stat = readFileSync('/proc/1/stat', 'latin1');
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 1, start }));
  await assert.rejects(
    open(dir),
    (e: unknown) => e instanceof StoreError && e.exit === 1 && /pid 1 already writes to this folder/.test(e.message),
  );
  writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 1, start: '1234567890' }));
  await (await open(dir)).close();
});

test('a folder that is a file, and a budget below a segment, are refused in one sentence', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'file'), '');
  await assert.rejects(
    open(join(dir, 'file')),
    (e: unknown) => e instanceof StoreError && e.exit === 2 && /found a file/.test(e.message),
  );
  await assert.rejects(open(dir, 100), (e: unknown) => e instanceof StoreError && e.exit === 2);
});

test('if the folder is deleted while memhound runs, sampling continues and the folder is created again', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const h = await store.load('jvm');
  h.append(sample(10));
  await store.save('jvm');
  rmSync(join(dir, 'jvm'), { recursive: true });
  writeFileSync(join(dir, 'jvm'), 'in the way');
  h.append(sample(20));
  await store.save('jvm');
  assert.equal(store.state().ok, false);
  rmSync(join(dir, 'jvm'));
  h.append(sample(30));
  await store.save('jvm');
  assert.equal(store.state().ok, true);
  assert.equal(h.series(ALL).t.length, 3);
  await store.close();
});

test('the final report of an instance that exited is kept, across a restart of memhound too', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  await store.load('jvm');
  await store.saveFinalReport('jvm', { atMs: 1, verdict: { headline: 'first' } });
  await store.saveFinalReport('jvm', { atMs: 2, verdict: { headline: 'second' } });
  await store.close();
  const again = await open(dir);
  await again.load('jvm');
  assert.deepEqual(again.finalReports('jvm')[0]?.verdict, { headline: 'second' });
  assert.deepEqual(again.finalReports('jvm')[1]?.verdict, { headline: 'first' });
  assert.equal(again.finalReports('jvm').length, 2);
});

test('final reports under the file name of 0.1.0 are read if there is no new file, and the first save uses the new name', async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, 'jvm'));
  writeFileSync(join(dir, 'jvm', 'obituaries.json'), JSON.stringify([{ atMs: 1, verdict: { headline: 'old' } }]));
  const store = await open(dir);
  await store.load('jvm');
  assert.deepEqual(store.finalReports('jvm')[0]?.verdict, { headline: 'old' });
  await store.saveFinalReport('jvm', { atMs: 2, verdict: { headline: 'new' } });
  await store.close();
  assert.deepEqual(readdirSync(join(dir, 'jvm')), ['final-reports.json']);
  const again = await open(dir);
  await again.load('jvm');
  assert.deepEqual(
    [again.finalReports('jvm')[0]?.verdict, again.finalReports('jvm')[1]?.verdict],
    [{ headline: 'new' }, { headline: 'old' }],
  );
});

test('without a folder the history is in memory only and nothing is written', async () => {
  const store = await open(null);
  const h = await store.load('jvm');
  h.append(sample(10));
  await store.save('jvm');
  assert.equal(store.state().ok, true);
  await store.close();
});

test('if a clock that ran ahead is set back, new rows are stored and read, segments with later times are renamed, and one log line says so', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const h = await store.load('jvm');
  const save = async (from: number, to: number) => {
    for (let s = from; s <= to; s += 10) {
      h.append(sample(s));
      await store.save('jvm');
    }
  };
  await save(1000, 1500);
  await save(90_000_000, 90_000_200); // years ahead: more than is kept
  const before = logged.length;
  await save(1600, 2200);
  assert.equal(logged.slice(before).filter((m) => m.includes('clock was set back')).length, 1, logged.slice(before).join('; '));
  await store.close();
  assert.ok(readdirSync(join(dir, 'jvm')).some((name) => name.includes('.ahead-')));
  const again = await open(dir);
  const { t: times } = (await again.load('jvm')).series(ALL);
  for (let i = 1; i < times.length; i++) assert.ok(times[i]! > times[i - 1]!);
  assert.deepEqual([times[0], times.at(-1)], [1000, 2200]);
  await again.close();
});

test('a sealed segment that is deleted or changed while memhound runs is left out of the merge', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const h = await store.load('jvm');
  const save = async (from: number, to: number) => {
    for (let s = from; s <= to; s += 60) {
      h.append(sample(s));
      await store.save('jvm');
    }
  };
  await save(60, 7200);
  const [first, second] = readdirSync(join(dir, 'jvm')).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  rmSync(join(dir, 'jvm', first!));
  writeFileSync(join(dir, 'jvm', second!), readFileSync(join(dir, 'jvm', second!), 'utf8').replace('3600', '3601'));
  await save(7260, 30_000);
  assert.equal(store.state().ok, true);
  const names = readdirSync(join(dir, 'jvm'));
  assert.equal(names.filter((name) => name.includes('.broken-')).length, 1);
  assert.ok(
    names.some((name) => name.endsWith('.1m.json')),
    names.join(' '),
  );
  await store.close();
  const again = await open(dir);
  assert.equal((await again.load('jvm')).lastS, 30_000);
  await again.close();
});

/** A read of it fails as one of a sick disk does: with EIO. Resolves the name to what it was. */
function unreadable(path: string): () => void {
  renameSync(path, `${path}.kept`);
  symlinkSync('/proc/self/mem', path);
  return () => renameSync(`${path}.kept`, path);
}

const segmentsIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => /^\d+(\.\w+)?\.json$/.test(name))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));

test('a segment that the disk does not let be read is left as it is: it counts, the others are read, and the next start reads it', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  await fillMinutes(store, 'jvm', 60, 7200);
  await store.close();
  const before = segmentsIn(join(dir, 'jvm'));
  const readable = unreadable(join(dir, 'jvm', before[1]!));
  logged.length = 0;
  const again = await open(dir);
  const rows = [...(await again.load('jvm')).series(ALL).t];
  assert.deepEqual([rows.length, rows[0], rows.at(-1)], [90, 60, 7200]);
  assert.deepEqual(segmentsIn(join(dir, 'jvm')), before);
  const state = again.state();
  assert.ok(state.ok && state.segments === before.length);
  assert.deepEqual(logged, ['a history segment could not be read and was left as it is']);
  await again.close();
  readable();
  const third = await open(dir);
  assert.equal((await third.load('jvm')).series(ALL).t.length, 120);
  await third.close();
});

test('a merge passes over a segment that the disk does not let be read, says so once, and takes it when it can be read', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  await fillMinutes(store, 'jvm', 60, 7200);
  const victim = segmentsIn(join(dir, 'jvm'))[1]!;
  const readable = unreadable(join(dir, 'jvm', victim));
  logged.length = 0;
  await fillMinutes(store, 'jvm', 7260, 30_000);
  assert.equal(store.state().ok, true);
  assert.deepEqual(logged, ['a history segment could not be read and was left as it is']);
  const names = segmentsIn(join(dir, 'jvm'));
  assert.ok(
    names.some((name) => name.endsWith('.1m.json')),
    names.join(' '),
  );
  assert.ok(names.includes(victim));
  readable();
  await fillMinutes(store, 'jvm', 30_060, 36_000);
  await store.close();
  const again = await open(dir);
  const t1 = (await again.load('jvm')).series(ALL).t;
  assert.deepEqual([...t1].filter((at) => at < 7200).length, 119, 'no row is lost');
  assert.deepEqual(
    readdirSync(join(dir, 'jvm')).filter((name) => name.includes('broken')),
    [],
  );
  await again.close();
});

test('the next start removes the half-written files of a killed writer, and nothing else', async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const h = await store.load('jvm');
  h.append(sample(10));
  await store.save('jvm');
  await store.close();
  for (const name of ['.20000.json.tmp', '.30000.1m.json.tmp', 'notes.tmp']) writeFileSync(join(dir, 'jvm', name), '{"half');
  const again = await open(dir);
  await again.load('jvm');
  assert.deepEqual(readdirSync(join(dir, 'jvm')).sort(), ['10000.json', 'notes.tmp']);
  await again.close();
});

test('readings of parts and files go on after a restart, in the same run alone, and are written once a segment', async (t) => {
  const dir = folder(t);
  const file = (s: number) => ({ ...fileRow(), path: '/app.log', sizeBytes: s * 2 ** 20, residentBytes: s * 2 ** 20 });
  const first = await open(dir);
  const h = await first.load('jvm');
  for (let s = 10; s <= 600; s += 10) {
    h.append(sample(s));
    h.recordParts(s * 1000, [{ id: 'malloc-arenas', name: 'malloc arenas', bytes: s * 2 ** 20, process: null, pids: null }]);
    h.recordFiles(s * 1000, [file(s)]);
    await first.save('jvm');
    assert.equal(existsSync(join(dir, 'jvm', 'readings.json')), s >= 300, 'the first segment is full after 300 s');
  }
  await first.close();
  const restart = async (epoch: string) => {
    const store = await open(dir);
    const again = await store.load('jvm');
    again.append(sample(610, epoch));
    again.recordFiles(610_000, [file(610)]);
    const { parts, files } = again.series({ ...ALL, epoch: 'current' });
    await store.close();
    return [parts.t.length, parts.t.at(-1), files[0]?.residentBytes.length];
  };
  assert.deepEqual(await restart('a'), [24, 600, 25]);
  assert.deepEqual(await restart('b'), [0, undefined, 1], 'the container was restarted too');
});

/** A history of one sample a minute, from `fromS` to `toS`. */
async function fillMinutes(store: Store, key: string, fromS: number, toS: number): Promise<void> {
  const history = await store.load(key);
  for (let s = fromS; s <= toS; s += 60) {
    history.append(sample(s));
    await store.save(key);
  }
}

test('a merged segment whose first row is too old loses that row alone: what is kept reaches back as far as it may', async (t) => {
  const dir = folder(t);
  const keepS = 4 * 3600 + 17 * 60;
  const store = await openStore({ dir, maxDiskBytes: 64 * 2 ** 20, keepS, everyS: 60, log });
  await fillMinutes(store, 'jvm', 60, 6 * 3600);
  await store.close();
  const again = await openStore({ dir, maxDiskBytes: 64 * 2 ** 20, keepS, everyS: 60, log });
  const history = await again.load('jvm');
  // Merged rows have a minute each here, and a segment of them an hour.
  assert.equal(history.lastS! - history.firstS!, keepS);
  const [oldest] = readdirSync(join(dir, 'jvm'))
    .filter((name) => /^\d+\..*json$/.test(name))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const { t: rows, fields, min } = parseSegment(readFileSync(join(dir, 'jvm', oldest!), 'utf8'));
  assert.equal(rows[0], history.firstS);
  assert.equal(fields.usage?.length, rows.length);
  assert.ok(Object.values(min).every((column) => column?.length === rows.length));
  await again.close();
});

test('segments that were set aside have an eighth of --max-disk, the newest of them, and count towards it', async (t) => {
  const dir = folder(t);
  const budget = 2 ** 20;
  mkdirSync(join(dir, 'jvm'));
  for (let i = 1; i <= 8; i++) writeFileSync(join(dir, 'jvm', `${i}000.json`), `{"cut": "${'x'.repeat(60_000)}`);
  const store = await open(dir, budget);
  await fillMinutes(store, 'jvm', 60, 6000);
  const setAside = readdirSync(join(dir, 'jvm')).filter((name) => name.includes('.broken-'));
  assert.deepEqual(setAside.map((name) => name.slice(0, 4)).sort(), ['7000', '8000']);
  const state = store.state();
  assert.ok(state.ok && state.bytes > 120_000 && state.bytes < budget, JSON.stringify(state));
  await store.close();
});

test('folders of containers that did not come back count towards --max-disk, and their oldest segment goes first', async (t) => {
  const dir = folder(t);
  const budget = 2 ** 20;
  const before = await open(dir, budget);
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`field_${i}`, 123456789012 + i]));
  const fill = async (store: Store, key: string, fromS: number) => {
    const history = await store.load(key);
    for (let s = fromS; s <= fromS + 10_000; s += 10) {
      history.append({ ...sample(s), values: wide });
      await store.save(key);
    }
  };
  await fill(before, 'gone', 10);
  await before.close();
  const after = await open(dir, budget);
  await after.loadFinalReports('gone');
  await fill(after, 'new', 20_000);
  await after.close();
  const bytes = readdirSync(dir, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
  assert.ok(bytes <= budget, `${bytes} bytes`);
  assert.equal((await (await open(dir, budget)).load('new')).lastS, 30_000);
});

test('two saves at once, as a tick and a start make them, write each row once into one segment', async (t) => {
  for (let round = 0; round < 20; round++) {
    const dir = folder(t);
    const store = await open(dir);
    logged.length = 0;
    const h = await store.load('jvm');
    const identity = { kind: 'jvm', source: 'container-name', name: 'app', mainClass: null } as const;
    store.setOwner('jvm', { identity, instance: 'a' });
    h.append(sample(10));
    await Promise.all([store.save('jvm'), store.save('jvm')]);
    h.append(sample(20));
    await Promise.all([store.save('jvm'), store.save('jvm')]);
    await store.close();
    assert.deepEqual(logged, []);
    assert.deepEqual(readdirSync(join(dir, 'jvm')).sort(), ['10000.json', 'target.json']);
    assert.deepEqual([...(await (await open(dir)).load('jvm')).series(ALL).t], [10, 20]);
  }
});
