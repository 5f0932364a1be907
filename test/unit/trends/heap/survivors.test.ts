import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldName } from '../../../../src/fields.ts';
import { survivorsSince } from '../../../../src/trends/heap/survivors.ts';

/** Samples of [used, old, collections]. */
const survivors = (samples: readonly (readonly [used: number, old: number, collections: number])[], since = 0) =>
  survivorsSince(
    {
      fields: new Map([
        [fieldName('heap_used'), Float64Array.from(samples, ([used]) => used)],
        [fieldName('old_used'), Float64Array.from(samples, ([, old]) => old)],
        [fieldName('gc_count'), Float64Array.from(samples, ([, , collections]) => collections)],
      ]),
    },
    { to: samples.length },
    since,
  );
const LEAKS = [
  [3, 3, 0],
  [20, 3, 0],
  [20, 18, 1],
  [38, 18, 1],
  [36, 33, 2],
] as const;

test('of a heap that holds what it allocates most survives its young collections', () => {
  const found = survivors(LEAKS)!;
  assert.equal(found.keptBytes, 30);
  assert.equal(Math.round(100 * found.share), 75);
  assert.deepEqual(survivors(LEAKS, 2), { keptBytes: 15, share: 0.75 });
});

test('of a heap that forgets what it allocates little survives', () => {
  const found = survivors([
    [3, 3, 0],
    [20, 3, 0],
    [6, 4, 1],
    [21, 4, 1],
    [7, 5, 2],
  ])!;
  assert.ok(found.share < 0.1, String(found.share));
});

test('nothing is known before a young collection, without the counters, or of a heap of one space', () => {
  assert.equal(survivors(LEAKS.slice(0, 2)), null);
  assert.equal(survivors([]), null);
  assert.equal(survivorsSince({ fields: new Map() }, { to: 5 }, 0), null);
  assert.equal(
    survivors([
      [20, 20, 0],
      [40, 40, 3],
    ]),
    null,
  );
  assert.deepEqual(survivors([[Number.NaN, 3, 0], ...LEAKS]), survivors(LEAKS), 'a gap is left out');
});
