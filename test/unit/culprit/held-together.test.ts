import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Step } from '../../../src/culprit/common-holder.ts';
import { heldTogether } from '../../../src/culprit/held-together.ts';
import { nameTogether } from '../../../src/culprit/name-group.ts';
import type { OldObject } from '../../../src/culprit/old-objects.ts';
import { loaderRetention, retentionOf } from '../../../src/culprit/retention.ts';
import type { GroupGrowth } from '../../../src/culprit/types.ts';

const [NODE, TABLE] = ['java.util.HashMap$Node', 'java.util.HashMap$Node[]'];
const step = (id: string, className: string, link: Step['link'] = null): Step => ({ id, className, refersTo: null, link });
const field = (owner: string, name: string, isStatic = false) => ({ owner, field: name, isStatic });

/** From an entry of a static map outwards. */
const inMap = (owner: string): Step[] => [
  step(`${owner} table`, TABLE),
  step(`${owner} map`, 'java.util.HashMap', field('java.util.HashMap', 'table')),
  step(`${owner} mirror`, 'java.lang.Class', field(owner, 'MAP', true)),
];
const entryOf = (owner: string, n: number) => step(`${owner} node ${n}`, NODE, field(NODE, 'key'));
const samples = (count: number, className: string, owner: string): OldObject[] =>
  Array.from({ length: count }, (_, n) => ({
    className,
    allocatedAt: { method: `${owner}.put`, line: 5 },
    stack: ['java.util.HashMap.put:1', `${owner}.put:5`],
    path: className === NODE ? inMap(owner) : [entryOf(owner, n), ...inMap(owner)],
  }));
const growth = (name: string, share: number, sizes: readonly number[] = [0, 10, 20, 30, 40]): GroupGrowth => ({
  name,
  before: sizes[0]!,
  after: sizes.at(-1)!,
  share,
  sizes,
  more: { instances: 40 },
});
const CLASSES = ['byte[]', 'java.lang.String', NODE];
const GROWN = CLASSES.map((name) => growth(name, 0.3));
const all = (count: number, owner: string) => CLASSES.flatMap((name) => samples(count, name, owner));

test('classes of which none has half of the growth are named together, by the field that holds the objects of each', () => {
  const together = heldTogether(GROWN, all(6, 'a.Users'), () => 40);
  assert.ok(together !== null);
  const found = nameTogether(together, GROWN);
  assert.ok(found?.state === 'named', JSON.stringify(found));
  assert.equal(found.culprit.name, 'byte[], java.lang.String and java.util.HashMap$Node');
  assert.ok(Math.abs(found.culprit.share - 0.9) < 1e-9, `${found.culprit.share}`);
  assert.deepEqual([found.culprit.before, found.culprit.after, found.culprit.more], [0, 120, { instances: 120 }]);
  assert.deepEqual(found.retention, {
    state: 'known',
    samples: 18,
    heldBy: { kind: 'static-field', name: 'a.Users.MAP', thread: null, samples: 18, stack: [] },
    allocatedAt: {
      kind: 'frame',
      name: 'a.Users.put:5',
      thread: null,
      samples: 18,
      stack: ['java.util.HashMap.put:1', 'a.Users.put:5'],
    },
  });
});

test('a field that has less than half of what grew is not named', () => {
  const few = [...all(6, 'a.Users'), ...all(9, 'a.Tokens')];
  assert.equal(heldTogether(GROWN, few, () => 40)?.retention.heldBy?.name, 'a.Tokens.MAP');
  const three = [...all(6, 'a.Users'), ...all(6, 'a.Tokens'), ...all(6, 'a.Names')];
  assert.equal(
    heldTogether(GROWN, three, () => 40),
    null,
  );
});

test('two fields of one name are of two objects, so they hold nothing together', () => {
  const inCache = (name: string, cache: string): OldObject[] =>
    Array.from({ length: 9 }, () => ({
      className: name,
      allocatedAt: null,
      stack: [],
      path: [step(`table of ${cache}`, 'java.lang.Object[]'), step(cache, 'a.Cache', field('a.Cache', 'all'))],
    }));
  const apart = CLASSES.flatMap((name) => inCache(name, `cache of ${name}`));
  assert.equal(
    heldTogether(GROWN, apart, () => 40),
    null,
  );
  const one = CLASSES.flatMap((name) => inCache(name, 'cache'));
  assert.equal(heldTogether(GROWN, one, () => 40)?.retention.heldBy?.name, 'a.Cache.all');
});

test('classes that did not grow from each look to the next are not named together', () => {
  const full = CLASSES.map((name) => growth(name, 0.3, [0, 40, 40, 40, 40]));
  assert.equal(nameTogether(heldTogether(full, all(6, 'a.Users'), () => 40)!, full), null);
});

test('an entry of a map that is seldom sampled itself is seen with its key, if the key grew', () => {
  const keys = samples(6, 'java.lang.Long', 'a.Ids');
  const found = retentionOf(NODE, keys, () => 40, new Set(['java.lang.Long']));
  assert.deepEqual(found.state === 'known' && [found.samples, found.heldBy?.name], [6, 'a.Ids.MAP']);
  assert.equal(retentionOf(NODE, keys, () => 40, new Set()).state, 'unknown');
});

/** What a plugin's objects hold, in a value of a ThreadLocal of each of two workers. */
const inThread = (n: number): OldObject => ({
  className: 'byte[]',
  allocatedAt: null,
  stack: [],
  path: [
    step(`state ${n}`, 'app.Plugin', field('app.Plugin', 'state')),
    step(
      `entry ${n}`,
      'java.lang.ThreadLocal$ThreadLocalMap$Entry',
      field('java.lang.ThreadLocal$ThreadLocalMap$Entry', 'value'),
    ),
    step(`map ${n % 2}`, 'java.lang.ThreadLocal$ThreadLocalMap', field('java.lang.ThreadLocal$ThreadLocalMap', 'table')),
    { ...step(`thread ${n % 2}`, 'java.lang.Thread', field('java.lang.Thread', 'threadLocals')), thread: `worker-${n % 2}` },
  ],
});

test('loaders are kept by what holds the outermost object of what they loaded: the ThreadLocals of a pool', () => {
  const objects = Array.from({ length: 6 }, (_, n) => inThread(n));
  const found = loaderRetention(objects, new Set(['app.Loader', 'app.Plugin']), 40);
  assert.deepEqual(found.state === 'known' && found.heldBy, {
    kind: 'object',
    name: 'java.lang.ThreadLocal$ThreadLocalMap',
    thread: 'worker-N',
    samples: 6,
    stack: [],
  });
  assert.equal(loaderRetention(objects, new Set(['app.Other']), 40).state, 'unknown');
});

test('many samples of one loader are one, and of few loaders half are enough', () => {
  const one = [inThread(1), inThread(1), inThread(1), inThread(1), inThread(1)];
  const found = loaderRetention(one, new Set(['app.Plugin']), 4);
  assert.equal(
    found.state === 'unknown' && found.reason,
    '1 of 5 sampled objects is theirs; 2 are needed, so a longer search may tell',
  );
  assert.equal(loaderRetention([inThread(1), inThread(2)], new Set(['app.Plugin']), 4).state, 'known');
});
