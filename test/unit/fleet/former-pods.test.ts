import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formerLives, type Life, MOST_FORMER } from '../../../src/fleet/former-pods.ts';

const HOUR = 3600;
const NOW = 400;
const life = (pod: string, fromH: number, toH: number): Life => ({
  key: { cluster: '', namespace: 'shop', pod, container: 'app' },
  from: fromH * HOUR,
  to: toH * HOUR,
});

const chains = (...lives: readonly Life[]): Record<string, string[]> =>
  Object.fromEntries(
    [...formerLives(lives, ({ to }) => to === NOW * HOUR)].map(([head, chain]) => [
      head.key.pod,
      chain.map(({ key }) => key.pod),
    ]),
  );

test('pods that were replaced one after another are the earlier lives of the one that runs', () => {
  assert.deepEqual(chains(life('c', 200, NOW), life('a', 0, 100), life('b', 100, 201)), { c: ['b', 'a'] });
});

test('of several replicas each has lives of its own: those that ended when it began', () => {
  assert.deepEqual(chains(life('x2', 100, NOW), life('y2', 104, NOW), life('y1', 0, 104), life('x1', 0, 100)), {
    x2: ['x1'],
    y2: ['y1'],
  });
});

test('a replica that was added, and one that began long after, have no earlier life', () => {
  assert.deepEqual(chains(life('a', 0, NOW), life('added', 100, NOW), life('gone', 0, 60)), { a: [], added: [] });
});

test('of many lives the newest are read', () => {
  const many = Array.from({ length: 20 }, (_, i) => life(`p${i}`, 20 * i, 20 * (i + 1)));
  assert.deepEqual(chains(...many).p19, ['p18', 'p17', 'p16', 'p15']);
  assert.equal(MOST_FORMER, 4);
});
