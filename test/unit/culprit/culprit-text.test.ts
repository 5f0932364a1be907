import assert from 'node:assert/strict';
import { test } from 'node:test';
import { culpritText } from '../../../src/culprit/culprit-text.ts';
import type { Culprit, GroupGrowth } from '../../../src/culprit/types.ts';
import { MIB } from '../../../src/units.ts';

const growth = (name: string, more: Partial<GroupGrowth> = {}): GroupGrowth => ({
  name,
  before: 10 * MIB,
  after: 40 * MIB,
  share: 0.961,
  sizes: [10 * MIB, 40 * MIB],
  more: {},
  ...more,
});
const named = (more: Partial<Extract<Culprit, { state: 'named' }>>): Culprit => {
  const culprit = more.culprit ?? growth('A');
  return {
    state: 'named',
    cause: 'heap',
    culprit,
    stand: null,
    parent: null,
    keepers: null,
    retention: null,
    native: null,
    usedBy: null,
    grown: [culprit],
    ...more,
  };
};

test('loaders are named with their number, their classes and their parent', () => {
  const culprit = growth('groovy.lang.GroovyClassLoader', { more: { loaders: 1240, classes: 2480 } });
  assert.deepEqual(culpritText(named({ cause: 'metaspace', culprit, parent: 'app.Loader' })), [
    'metaspace: loaders of class groovy.lang.GroovyClassLoader grew from 10 MiB to 40 MiB, 96 % of what grew: 1,240 more loaders and 2,480 more classes; their parent is a app.Loader',
  ]);
});

test('threads are counted, and where most stand is said', () => {
  const culprit = growth('pool-N', { before: 1, after: 8, sizes: [1, 8] });
  const stand = { frame: 'a.B.c(B.java:1)', threads: 7, stack: ['a.B.c(B.java:1)'] };
  assert.deepEqual(culpritText(named({ cause: 'threads', culprit, stand })), [
    'threads: pool-N grew from 1 thread to 8 threads, 96 % of what grew; 7 stand in a.B.c(B.java:1)',
  ]);
});

test('what else grew follows the culprit, one of a kind without an s', () => {
  const culprit = growth('A', { more: { instances: 1 } });
  const lines = culpritText(named({ culprit, native: null, grown: [culprit, growth('B', { share: 0.03 })] }));
  assert.deepEqual(lines, [
    'heap: A grew from 10 MiB to 40 MiB, 96 % of what grew: 1 more object',
    '  B grew from 10 MiB to 40 MiB, 3 % of what grew',
  ]);
});

test('what is not known has its reason, and what grew most all the same', () => {
  const lines = culpritText({ state: 'unknown', cause: 'heap', because: 'not-steady', native: null, grown: [growth('A')] });
  assert.match(lines[0]!, /^heap: not known, because what grew most did not grow from each look to the next/);
  assert.match(lines[1]!, /^ {2}A grew/);
});

test('a failure has its remediation on a line of its own', () => {
  const failed: Culprit = { state: 'failed', cause: 'native', error: 'tracking is off', remediation: '-XX:X' };
  assert.deepEqual(culpritText(failed), ['native: not known, because tracking is off', '-XX:X']);
});

test('a name with control characters reaches no terminal raw', () => {
  assert.ok(
    !culpritText(named({ culprit: growth('\u001b[2J') }))
      .join('')
      .includes('\u001b'),
  );
});
