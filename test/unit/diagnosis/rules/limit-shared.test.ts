import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitShared } from '../../../../src/diagnosis/rules/limit-shared.ts';
import { nearLimit } from '../../../../src/diagnosis/rules/near-limit.ts';
import { type Sentence, sentenceText } from '../../../../src/diagnosis/sentence.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { applyRule, fieldTrend } from '../../../support/rule-context.ts';

const leadOf = (found: object | null): string => (found !== null && 'lead' in found ? sentenceText(found.lead as Sentence) : '');

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

test('others that grow within a shared limit begin the headline, with the time at which the kernel chooses among all', () => {
  const growing = (trend: 'stable' | 'growing', perHour: number) =>
    applyRule(limitShared, {
      ...given(324, 0),
      evaluation: { trend, fields: { held_elsewhere: { ...fieldTrend('growing', perHour), low: perHour, high: perHour } } },
    });
  const found = growing('stable', 200 * MIB * 12);
  assert.equal(found?.severity, 'critical');
  assert.deepEqual(
    found?.etas?.map(({ event, seconds }) => [event, seconds]),
    [['oom-kill', 300]],
  );
  assert.equal(
    leadOf(found),
    '324 MiB of the 1 GiB limit are held outside of this container and grow 42 MB a minute: the limit is reached in 5 minutes, and the kernel then ends a process of any container that shares it. In this container:',
  );
  assert.equal(leadOf(growing('growing', 200 * MIB * 12)), '', 'its own growth begins the headline');
  assert.equal(growing('stable', MIB)?.severity, 'warn');
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
