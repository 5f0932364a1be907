import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearLimit } from '../../../../src/diagnosis/rules/near-limit.ts';
import { swappedOut } from '../../../../src/diagnosis/rules/swapped-out.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

const at = (values: Record<string, number>) => applyRule(swappedOut, { values });

test('what is swapped out is said, for no tool that shows usage or RSS shows it', () => {
  const found = at({ anon: 900 * MIB, swap: 400 * MIB, swap_limit: GIB });
  assert.equal(found?.title, '400 MiB of what the processes hold are swapped out: usage and RSS do not show them');
  assert.deepEqual(found?.evidence, {
    swapBytes: 400 * MIB,
    anonBytes: 900 * MIB,
    swapLimitBytes: GIB,
    memoryAndSwapLimitBytes: null,
  });
});

test('its limit is that of swap; on cgroup v1 that of both, less the limit of memory', () => {
  const limit = (values: Record<string, number>) => at({ anon: 900 * MIB, swap: 400 * MIB, ...values })?.limit;
  assert.deepEqual(limit({ swap_limit: GIB }), { kind: 'swap', bytes: GIB, level: 'swap', levelBytes: 400 * MIB });
  assert.equal(limit({ memsw_limit: 3 * GIB })?.bytes, GIB, 'the limit of memory is 2 GiB');
  assert.equal(limit({})?.bytes, null);
});

test('a little that was idle is no finding', () => {
  assert.equal(at({ anon: 900 * MIB, swap: 40 * MIB }), null, 'less than a twentieth');
  assert.equal(at({ anon: 100 * MIB, swap: 12 * MIB }), null, 'less than 16 MiB');
  assert.equal(at({ anon: 900 * MIB, swap: 0 }), null);
});

test('near the limit means near the limit of memory and swap', () => {
  const near = (values: Record<string, number>) => applyRule(nearLimit, { values, series: { limitBytes: GIB } })?.title ?? null;
  assert.equal(near({ anon: GIB, swap: 0 }), '1 GiB of the 1 GiB limit cannot be reclaimed');
  assert.equal(near({ anon: GIB, swap: 100 * MIB, swap_limit: GIB }), null);
  assert.equal(
    near({ anon: GIB, swap: 900 * MIB, swap_limit: GIB }),
    '1.88 GiB of the 2 GiB limit of memory and swap cannot be reclaimed',
  );
  assert.equal(near({ anon: GIB, swap: 900 * MIB }), null, 'the limit of swap is not known');
});
