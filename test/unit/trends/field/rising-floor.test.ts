import assert from 'node:assert/strict';
import { test } from 'node:test';
import { risingFloor } from '../../../../src/trends/field/rising-floor.ts';
import { Random } from '../../../../synthetic/random.ts';

/** A sample a second of what climbs by 60 in each cycle of some eight seconds and comes back to a floor. */
function sawtooth(
  floorOf: (cycle: number) => number,
  seconds: number,
  random = new Random(1),
): { t: Float64Array; y: Float64Array } {
  const ends = [0];
  while (ends.at(-1)! < seconds) ends.push(ends.at(-1)! + 7.5 + random.next());
  const t = Float64Array.from({ length: seconds }, (_, i) => 1000 + i);
  const y = t.map((_, i) => {
    const cycle = ends.findLastIndex((end) => end <= i);
    return 100 + floorOf(cycle) + (60 * (i - ends[cycle]!)) / (ends[cycle + 1]! - ends[cycle]!);
  });
  return { t, y };
}
const of = ({ t, y }: ReturnType<typeof sawtooth>, fromS = 1000) => risingFloor(t, y, fromS);

test('a floor that rises with each cycle is seen after a few of them, with its times', () => {
  const found = of(sawtooth((cycle) => 5 * cycle, 40))!;
  assert.equal(found.cycles, 4);
  assert.ok(found.amount > 5 && found.amount < 20, `${found.amount}`);
  assert.ok(found.fromS < 1012 && found.toS > 1028, `${found.fromS} to ${found.toS}`);
});

test('of two cycles nothing is known, and of more than sixteen the models know', () => {
  assert.equal(of(sawtooth((cycle) => 5 * cycle, 22)), null);
  assert.equal(of(sawtooth((cycle) => 5 * cycle, 180)), null);
  assert.notEqual(
    of(
      sawtooth((cycle) => 5 * cycle, 180),
      1130,
    ),
    null,
    'of the window, not of the whole series',
  );
});

test('a floor that stands is hardly ever taken for one that rises, wherever the samples meet it', () => {
  const wrong = Array.from({ length: 200 }, (_, seed) => of(sawtooth(() => 0, 30 + (seed % 60), new Random(seed)))).filter(
    (found) => found !== null,
  );
  assert.ok(wrong.length <= 10, `${wrong.length} of 200`);
});

test('a floor that fell back, a small rise, and what is no sawtooth are none', () => {
  assert.equal(of(sawtooth((cycle) => [0, 20, 40, 0, 10][cycle] ?? 0, 40)), null);
  assert.equal(of(sawtooth((cycle) => 0.5 * cycle, 40)), null);
  const t = Float64Array.from({ length: 60 }, (_, i) => 1000 + i);
  assert.equal(
    risingFloor(
      t,
      t.map((at) => at),
      1000,
    ),
    null,
  );
});
