import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitShared } from '../../../../src/diagnosis/rules/limit-shared.ts';
import { nearLimit } from '../../../../src/diagnosis/rules/near-limit.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

const given = (elsewhere: number, ended?: number) => ({
  values: {
    anon: 500 * MIB,
    held_elsewhere: elsewhere * MIB,
    ...(ended === undefined ? {} : { held_by_ended: ended * MIB }),
  },
  series: { limitBytes: GIB },
});

test('memory that ended containers left in a tmpfs of the pod is said, with its bytes', () => {
  const found = applyRule(limitShared, given(300, 200));
  assert.equal(
    found?.title,
    '300 MiB of the 1 GiB limit are held outside of this container, 200 MiB of it charged by containers that have ended',
  );
  assert.match(found?.advice ?? '', /emptyDir with medium Memory/);
  assert.deepEqual(found?.evidence, { heldElsewhereBytes: 300 * MIB, heldByEndedBytes: 200 * MIB, limitBytes: GIB });
});

test('memory of other containers of the pod has its own advice', () => {
  const found = applyRule(limitShared, given(300, 0));
  assert.equal(found?.title, '300 MiB of the 1 GiB limit are held outside of this container');
  assert.match(found?.advice ?? '', /Look at the other containers/);
});

test('a sidecar of usual size, and a limit of the container alone, are no finding', () => {
  assert.equal(applyRule(limitShared, given(40, 0)), null);
  assert.equal(applyRule(limitShared, { values: { anon: 500 * MIB }, series: { limitBytes: GIB } }), null);
});

test('near the limit means near what the others leave of it', () => {
  assert.equal(
    applyRule(nearLimit, given(500))?.title,
    '500 MiB of the 524 MiB that others leave of the limit cannot be reclaimed',
  );
  assert.equal(applyRule(nearLimit, given(100)), null);
});
