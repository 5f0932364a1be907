import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldDescriptors } from '../../../src/diagnosis/held-descriptors.ts';
import { kernelGrowth } from '../../../src/diagnosis/rules/kernel-growth.ts';
import { slabGrowth } from '../../../src/diagnosis/rules/slab-growth.ts';
import { MIB } from '../../../src/units.ts';
import { applyRule, causeShare, type Given, ruleContext } from '../../support/rule-context.ts';

const PIPES = { pid: 7, kind: 'pipe', count: 4824 } as const;
const growing = (cause: 'slab' | 'kernel'): Given => ({
  values: { kernel: 144 * MIB },
  descriptorHolder: PIPES,
  processNames: new Map([[7, 'java orders.jar']]),
  evaluation: { trend: 'growing', causes: [causeShare(cause, 31e6)] },
});

test('who holds thousands of pipes is said beside kernel memory that grows, with advice about pipes', () => {
  for (const found of [applyRule(slabGrowth, growing('slab')), applyRule(kernelGrowth, growing('kernel'))]) {
    assert.match(
      found?.headline ?? '',
      / Held open are about 4,800 ends of pipes, by java orders\.jar pid 7: what they take stays until they are closed\.$/,
    );
    assert.match(found?.advice ?? '', /^Look for a Process whose streams are not closed/);
  }
});

test('on cgroup v1 nothing is said of dentries beside them, and somebody should look', () => {
  const target = { cgroup: { version: 1, path: '/x' } } as const;
  const evaluation = { trend: 'growing', causes: [causeShare('slab', 31e6, { reclaimable: true })] } as const;
  const found = applyRule(slabGrowth, { ...growing('slab'), target, evaluation });
  assert.match(found?.headline ?? '', /: cgroup v1 does not say how much of it the kernel can take back\. Held open are/);
  assert.equal(found?.severity, 'warn');
});

test('descriptors that are too small for the kernel memory there is explain none of it', () => {
  const held = (kernelMib: number) =>
    heldDescriptors(
      ruleContext({ values: { kernel: kernelMib * MIB }, descriptorHolder: { pid: 7, kind: 'epoll', count: 3000 } }),
    );
  assert.match(held(12)?.text ?? '', /about 3,000 epoll sets, by pid 7:/);
  assert.equal(held(200), null);
  assert.equal(heldDescriptors(ruleContext({})), null, 'nobody was asked');
});
