import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonGrowth } from '../../../../src/diagnosis/growth/anon-growth.ts';
import { withKernelOfProcesses } from '../../../../src/diagnosis/growth/kernel-of-processes.ts';
import type { CauseShare } from '../../../../src/trends/types.ts';
import { MIB } from '../../../../src/units.ts';
import { causeShare, eta, fieldTrend, ruleContext } from '../../../support/rule-context.ts';

/** So many processes with 100 KiB each, of which half started in the last hour. */
const growth = (processes: number): AnonGrowth => {
  const bytes = (processes * MIB) / 10;
  const process = { processes, pid: 7, parent: null, lives: null };
  const part = { id: 'other-process', name: 'sleep', process, bytes, grewBytes: bytes / 2, bytesPerHour: bytes / 2 } as const;
  return { fromS: 0, toS: 3600, readings: 9, grewBytes: bytes / 2, parts: [part] };
};

const sleeping = (kernelMib: number, causes: readonly CauseShare[] = [causeShare('threads', 20 * MIB)], processes = 200) => {
  const { evaluation } = ruleContext({
    evaluation: {
      trend: 'growing',
      causes,
      etas: [eta('oom-kill', 600)],
      fields: { kernel: fieldTrend('growing', kernelMib * MIB), threads: fieldTrend('growing', 100) },
    },
  });
  const found = withKernelOfProcesses(evaluation, growth(processes));
  return [found.causes.map(({ cause, bytesPerHour }) => [cause, Math.round(bytesPerHour / MIB)]), found.etas[0]!.seconds];
};

test('kernel memory of processes that become more and more is theirs, and the OOM kill comes sooner by it', () => {
  const own = [causeShare('threads', 20 * MIB), causeShare('process', 10 * MIB, { what: 'sleep' })];
  assert.deepEqual(sleeping(44, own)[0], [
    ['process', 50],
    ['threads', 20],
  ]);
  assert.ok(Math.abs((sleeping(44, own)[1] as number) - 257) < 1, 'at 70 instead of 30 MiB an hour');
  assert.deepEqual(
    sleeping(44)[0],
    [
      ['process', 50],
      ['threads', 20],
    ],
    'also if what they hold themselves is too little to be a cause',
  );
});

test('kernel memory is not theirs where they are few, where it is more than they can take, or where it is a cause of its own', () => {
  const alone = [['threads', 20]];
  assert.deepEqual(sleeping(4)[0], alone, 'the stacks of the threads');
  assert.deepEqual(sleeping(44, undefined, 8)[0], alone);
  assert.deepEqual(sleeping(900)[0], alone);
  assert.deepEqual(sleeping(44, [causeShare('slab', 44 * MIB)])[0], [['slab', 44]]);
});

test('kernel stacks that grow while the JVM starts no threads are of the processes, and no threads are to blame', () => {
  const causes = [
    causeShare('process', 10 * MIB, { what: 'sleep' }),
    causeShare('page-tables', 8 * MIB),
    causeShare('threads', 2 * MIB),
  ];
  const after = (trend: 'stable' | 'growing', processes = 200) => {
    const fields = { threads: fieldTrend(trend, trend === 'growing' ? 100 : 0) };
    const { evaluation } = ruleContext({ evaluation: { trend: 'growing', causes, fields } });
    return withKernelOfProcesses(evaluation, growth(processes)).causes.map(({ cause, bytesPerHour }) => [
      cause,
      bytesPerHour / MIB,
    ]);
  };
  assert.deepEqual(after('stable'), [
    ['process', 12],
    ['page-tables', 8],
  ]);
  assert.equal(after('growing').length, 3);
  assert.equal(after('stable', 8).length, 3, 'they are few');
});
