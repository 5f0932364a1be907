import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grownClasses, grownGroups } from '../../../src/culprit/grown-groups.ts';

test('the ten classes that grew most come first, those that shrank not at all', () => {
  const first = Array.from({ length: 15 }, (_, i) => ({ name: `app.C${i}`, instances: 10, bytes: 1000 }));
  const second = first.map(({ name }, i) => ({ name, instances: 10 + i, bytes: 900 + 100 * i }));
  const grown = grownClasses(first, [{ name: '[B', instances: 5, bytes: 5000 }, ...second]);
  assert.equal(grown.length, 10);
  assert.deepEqual(grown[0], { name: '[B', bytesGrown: 5000, instancesGrown: 5, bytes: 5000 });
  assert.deepEqual(grown[1], { name: 'app.C14', bytesGrown: 1300, instancesGrown: 14, bytes: 2300 });
  assert.ok(
    grown.every((c) => c.bytesGrown > 0),
    JSON.stringify(grown),
  );
});

test('a group that is new grew by all that it has, and one that is gone or as it was did not grow', () => {
  const group = (name: string) => ({ name, size: 5 });
  const [gone, same, more, other] = [group('gone'), group('same'), group('more'), group('other')];
  const larger = { ...more, size: 7 };
  assert.deepEqual(
    grownGroups([gone, same, more], [same, larger, other], ({ size }) => size),
    [
      { name: 'other', before: null, after: other, grew: 5 },
      { name: 'more', before: more, after: larger, grew: 2 },
    ],
  );
});
