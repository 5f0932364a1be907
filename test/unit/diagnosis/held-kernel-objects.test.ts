import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldKernelObjects } from '../../../src/diagnosis/held-kernel-objects.ts';
import { kernelGrowth } from '../../../src/diagnosis/rules/kernel-growth.ts';
import { pageCacheFile } from '../../../src/diagnosis/rules/page-cache-file.ts';
import { slabGrowth } from '../../../src/diagnosis/rules/slab-growth.ts';
import { sentenceText } from '../../../src/diagnosis/sentence.ts';
import type { CountedObjects } from '../../../src/sources/process/kernel-objects.ts';
import { MIB } from '../../../src/units.ts';
import { applyRule, causeShare, fieldTrend, type Given, ruleContext } from '../../support/rule-context.ts';

const PIPES = { pid: 7, kind: 'pipe', count: 4824, grew: 0, seconds: 0 } as const;
const growing = (cause: 'slab' | 'kernel'): Given => ({
  values: { kernel: 144 * MIB },
  kernelObjects: [PIPES],
  processNames: new Map([[7, 'java orders.jar']]),
  evaluation: { trend: 'growing', causes: [causeShare(cause, 31e6)] },
});

test('who holds thousands of pipes is said beside kernel memory that grows, with advice about pipes', () => {
  for (const found of [applyRule(slabGrowth, growing('slab')), applyRule(kernelGrowth, growing('kernel'))]) {
    assert.match(
      found?.headline ?? '',
      / About 4,800 ends of pipes are held open by java orders\.jar pid 7: what they take stays until they are closed\.$/,
    );
    assert.match(found?.advice ?? '', /^Look for a Process whose streams are not closed/);
  }
});

test('on cgroup v1 nothing is said of dentries beside them, and somebody should look', () => {
  const target = { cgroup: { version: 1, path: '/x' } } as const;
  const evaluation = { trend: 'growing', causes: [causeShare('slab', 31e6, { reclaimable: true })] } as const;
  const found = applyRule(slabGrowth, { ...growing('slab'), target, evaluation });
  assert.match(
    found?.headline ?? '',
    /: cgroup v1 does not say how much of it the kernel can take back\. About 4,800 ends of pipes are held open/,
  );
  assert.equal(found?.severity, 'warn');
});

test('descriptors that are too small for the kernel memory there is explain none of it', () => {
  const held = (kernelMib: number) =>
    heldKernelObjects(
      ruleContext({
        values: { kernel: kernelMib * MIB },
        kernelObjects: [{ pid: 7, kind: 'epoll', count: 3000, grew: 0, seconds: 0 }],
      }),
    );
  assert.match(sentenceText(held(12)?.text ?? []), /^About 3,000 epoll sets are held open by pid 7:/);
  assert.equal(held(200), null);
  assert.equal(heldKernelObjects(ruleContext({})), null, 'nobody was asked');
});

const heldText = (kernelMib: number, ...kernelObjects: readonly CountedObjects[]): string | null => {
  const held = heldKernelObjects(ruleContext({ values: { kernel: kernelMib * MIB }, kernelObjects }));
  return held && sentenceText(held.text);
};

test('files of a tmpfs and watches take kernel memory, too, and what takes most of it is named', () => {
  const files = { kind: 'tmpfs-file', path: '/shm', count: 151_234, grew: 9000, seconds: 20 } as const;
  const watches = { kind: 'watch', pid: 7, count: 24_100, grew: 9000, seconds: 20 } as const;
  assert.equal(
    heldText(156, files, watches),
    'About 150,000 files and folders lie on the tmpfs /shm: what they take stays until they are removed.',
  );
  assert.match(heldText(40, watches) ?? '', /^About 24,000 watches on files and folders \(inotify\) are held open by pid 7:/);
  assert.equal(heldText(400, watches), null, 'they are too few for so much');
});

test('files of a tmpfs that take more than kernel memory grows by are of another container, and those that do not become more explain nothing', () => {
  const named = (perSecond: number, seconds = 20) => {
    const files = { kind: 'tmpfs-file', path: '/shm', count: 150_000, grew: perSecond * seconds, seconds } as const;
    const sockets = { kind: 'socket', pid: 7, count: 900, grew: 300, seconds } as const;
    const held = heldKernelObjects(
      ruleContext({
        values: { kernel: 90 * MIB },
        kernelObjects: [files, sockets],
        evaluation: { fields: { kernel: fieldTrend('growing', 3.3e9) } },
      }),
    );
    return held && sentenceText(held.text);
  };
  assert.match(named(1000) ?? '', / lie on the tmpfs \/shm/);
  assert.match(named(1000, 3) ?? '', /sockets/, 'too short to know how fast they become more');
  assert.match(named(2000) ?? '', /sockets/);
  assert.match(named(0) ?? '', /sockets/);
});

test('sockets explain much kernel memory only where they become more: those of clients that wait hold little', () => {
  const sockets = (grew: number) => heldText(180, { kind: 'socket', pid: 7, count: 1900, grew, seconds: 20 });
  assert.equal(sockets(0), null);
  assert.match(sockets(600) ?? '', /^About 1,900 sockets are held open by pid 7:/);
});

test('beside page cache that no file explains, what grows in kernel memory is named', () => {
  const beside = (cause: 'slab' | 'native') =>
    applyRule(pageCacheFile, {
      values: { kernel: 40 * MIB },
      kernelObjects: [{ kind: 'watch', pid: 7, count: 24_100, grew: 9000, seconds: 20 }],
      evaluation: { trend: 'growing', causes: [causeShare('page-cache', 9e6), causeShare(cause, 3e6)] },
    });
  assert.match(beside('slab')?.headline ?? '', / About 24,000 watches on files and folders \(inotify\) are held open/);
  assert.match(beside('slab')?.advice ?? '', /^Look for a WatchService/);
  assert.doesNotMatch(beside('native')?.headline ?? '', /watches/);
});
