import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearLimit } from '../../../../src/diagnosis/rules/near-limit.ts';
import { pinnedByCache } from '../../../../src/diagnosis/rules/pinned-by-cache.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { applyRule, type Given } from '../../../support/rule-context.ts';

const at = (anon: number, over: Partial<Given> = {}) =>
  applyRule(nearLimit, { values: { anon }, series: { limitBytes: 1000 }, ...over });

test('memory that cannot be reclaimed near the limit is critical', () => {
  assert.deepEqual(applyRule(nearLimit, { values: { anon: 1.9 * GIB } }), {
    id: 'near-limit',
    severity: 'critical',
    title: '1.9 GiB of the 2 GiB limit cannot be reclaimed',
    outcome: 'close to an OOM kill',
    evidence: { unreclaimableBytes: 1.9 * GIB, limitBytes: 2 * GIB },
    advice:
      'A burst may get the container OOM-killed. Raise the limit or lower -Xmx: heap, metaspace, stacks and native memory must fit together.',
    limit: { kind: 'memory', bytes: 2 * GIB, level: 'unreclaimable', levelBytes: 1.9 * GIB },
    headline: null,
  });
});

test('it applies from nine tenths of the limit on', () => {
  assert.equal(at(899), null);
  assert.equal(at(900)?.severity, 'critical');
});

test('tmpfs and kernel memory count, reclaimable slab and page cache do not', () => {
  const values = { anon: 700, shmem: 100, kernel: 150, slab_reclaimable: 50, file: 200 };
  assert.deepEqual(applyRule(nearLimit, { values, series: { limitBytes: 1000 } })?.evidence, {
    unreclaimableBytes: 900,
    limitBytes: 1000,
  });
  assert.equal(applyRule(nearLimit, { values: { ...values, slab_reclaimable: 51 }, series: { limitBytes: 1000 } }), null);
});

test('without a limit, with an unknown limit and without anon it does not apply', () => {
  assert.equal(at(1900, { series: { limitBytes: 'max' } }), null);
  assert.equal(at(1900, { series: { limitBytes: null } }), null);
  assert.equal(applyRule(nearLimit, { values: { usage: 2 * GIB } }), null);
});

test('socket buffers count on cgroup v2: 2,015 of 2,048 MiB with 20 MiB of cache is near the limit', () => {
  const values = { usage: 2038 * MIB, anon: 1700 * MIB, sock: 300 * MIB, kernel: 15 * MIB, file: 20 * MIB };
  assert.equal(applyRule(nearLimit, { values })?.title, '1.97 GiB of the 2 GiB limit cannot be reclaimed');
  assert.equal(applyRule(pinnedByCache, { values }), null, 'and no sentence says that no OOM kill comes of it');
});
