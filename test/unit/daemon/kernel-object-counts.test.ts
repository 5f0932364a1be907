import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KernelObjectCounts, mayKernelGrow } from '../../../src/daemon/kernel-object-counts.ts';
import type { FieldName } from '../../../src/fields.ts';
import { MIB } from '../../../src/units.ts';
import { causeShare } from '../../support/rule-context.ts';

test('of kernel objects it is known how many came since they were first counted', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'memhound-counts-'));
  t.after(() => rmSync(proc, { recursive: true }));
  mkdirSync(`${proc}/7/fd`, { recursive: true });
  writeFileSync(`${proc}/7/status`, 'Name:\tjava\nPid:\t7\nFDSize:\t1024\n');
  const open = (from: number, to: number) => {
    for (let fd = from; fd < to; fd++) symlinkSync('socket:[1]', `${proc}/7/fd/${fd}`);
  };
  const counts = new KernelObjectCounts();
  const look = (atMs: number) => counts.look(atMs, proc, [7], null).map(({ count, grew, seconds }) => ({ count, grew, seconds }));
  open(0, 600);
  assert.deepEqual(look(1000), [{ count: 600, grew: 0, seconds: 0 }]);
  open(600, 700);
  assert.deepEqual(look(21_000), [{ count: 700, grew: 100, seconds: 20 }]);
});

test('kernel objects are counted where kernel memory grows, and where it rose by much in a run too young for a trend', () => {
  const rose = (kernelMib: number, usageMib: number) => ({
    t: Float64Array.of(0, 1),
    fields: new Map<FieldName, Float64Array>([
      ['kernel', Float64Array.of(MIB, (1 + kernelMib) * MIB)],
      ['usage', Float64Array.of(9 * MIB, (9 + usageMib) * MIB)],
    ]),
  });
  const young = { trend: 'not-enough-data', causes: [] } as const;
  assert.deepEqual(
    [
      mayKernelGrow({ trend: 'growing', causes: [causeShare('slab', 1)] }, rose(0, 0)),
      mayKernelGrow({ trend: 'growing', causes: [causeShare('kernel', 1)] }, rose(0, 0)),
      mayKernelGrow({ trend: 'growing', causes: [causeShare('sock', 1)] }, rose(0, 0)),
      mayKernelGrow(young, rose(4, 16)),
    ],
    [true, true, true, true],
  );
  assert.equal(mayKernelGrow(young, rose(3.9, 5)), false, 'too little');
  assert.equal(mayKernelGrow(young, rose(10, 41)), false, 'other memory came');
  assert.equal(mayKernelGrow({ trend: 'stable', causes: [] }, rose(10, 10)), false, 'it is known not to grow');
  assert.equal(mayKernelGrow(young, { t: Float64Array.of(0, 1), fields: new Map() }), false, 'it is not known');
});
