import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEVERAL_PROCESSES } from '../../../../src/diagnosis/growth/attribute.ts';
import { processGrowth } from '../../../../src/diagnosis/rules/process-growth.ts';
import type { Eta } from '../../../../src/trends/types.ts';
import { MIB } from '../../../../src/units.ts';
import { applyRule, causeShare, eta, type Given, NOW_MS } from '../../../support/rule-context.ts';

const part = (id: 'other-process' | 'java-heap', name: string, bytes: number, grewBytes: number, process: object | null) => ({
  id,
  name,
  bytes,
  grewBytes,
  bytesPerHour: grewBytes,
  process: process as never,
});

const growing = (process: object | null, jvmGrew = 0, over: Given = {}) =>
  applyRule(processGrowth, {
    ...over,
    anonGrowth: {
      fromS: 0,
      toS: 3600,
      readings: 9,
      grewBytes: 100 * MIB + jvmGrew,
      parts: [
        part('other-process', 'chrome', 186 * MIB, 100 * MIB, process),
        part('java-heap', 'Java heap', 90 * MIB, jvmGrew, null),
      ],
    },
    evaluation: {
      trend: 'growing',
      leak: over.evaluation?.leak === undefined ? true : over.evaluation.leak,
      causes: [causeShare('process', 100e6, { what: 'chrome' })],
      etas: over.evaluation?.etas ?? [],
    },
  });

test('a process that the JVM started is named with its size, and the JVM is said to stand still', () => {
  const found = growing({ processes: 1, pid: 40, parent: { pid: 1, name: 'java' }, lives: null })!;
  assert.equal(
    found.headline,
    'chrome (pid 40, started by the JVM) grows 100 MB an hour, 186 MiB now. The JVM itself stands at 90 MiB.',
  );
  assert.equal(found.title, 'Another process of the container grows: chrome');
  assert.equal(found.severity, 'warn');
  assert.match(found.advice, /^Flags of the JVM do not help/);
  assert.equal(found.evidence.pid, 40);
});

test('of small processes that become more, most is kernel memory', () => {
  const own = { processes: 300, pid: 40, parent: null, lives: null };
  const part = { id: 'other-process', name: 'sleep', process: own, bytes: 30 * MIB, grewBytes: 9e6, bytesPerHour: 9e6 } as const;
  const found = applyRule(processGrowth, {
    anonGrowth: { fromS: 0, toS: 3600, readings: 9, grewBytes: 9e6, parts: [part] },
    evaluation: { trend: 'growing', leak: true, causes: [causeShare('process', 40e6, { what: 'sleep' })] },
  });
  assert.match(
    found?.headline ?? '',
    /grows 40 MB an hour, most of it kernel memory for so many processes; they hold 30 MiB themselves now\./,
  );
});

test('a process that is started again and again is said to be, with the most that it was seen with', () => {
  const headlineOf = (lives: number, leastMib: number, mostMib: number) => {
    const earlier = { lives, firstS: NOW_MS / 1000 - 64, leastPeakBytes: leastMib * MIB, mostPeakBytes: mostMib * MIB };
    return growing({ processes: 1, pid: 40, parent: null, lives: { sinceS: 0, earlier } })!.headline!;
  };
  assert.match(headlineOf(4, 127, 133), / It was started again 4 times in 64 seconds: those before reached 127 MiB to 133 MiB\./);
  assert.match(headlineOf(1, 127, 127), / It was started again once in 64 seconds: the one before reached 127 MiB\./);
  assert.doesNotMatch(headlineOf(9, 1, 2), /started again/);
});

test('several processes of one name are counted, and another parent than the JVM is named', () => {
  const found = growing({ processes: 7, pid: 40, parent: { pid: 12, name: 'sh' }, lives: null })!;
  assert.match(found.headline!, /^chrome \(7 processes, the largest is pid 40, started by sh, pid 12\) grows/);
  assert.match(growing({ processes: 1, pid: 40, parent: null, lives: null })!.headline!, /^chrome \(pid 40\) grows/);
});

test('a JVM that grows as well is not said to stand still', () => {
  assert.doesNotMatch(growing({ processes: 1, pid: 40, parent: null, lives: null }, 30 * MIB)!.headline!, /JVM itself/);
});

test('an OOM kill within a day makes it critical', () => {
  const found = growing(null, 0, { evaluation: { etas: [eta('oom-kill', 600)] } })!;
  assert.equal(found.severity, 'critical');
  assert.match(found.headline!, /OOM kill in 9 to 11 minutes\.$/);
});

test('of another JVM it is said whether its heap rises, and where its own verdict is', () => {
  const process = { processes: 1, pid: 40, parent: null, lives: null };
  const other = (heapRises: boolean | null) =>
    growing(process, 0, {
      otherJvms: [{ pid: 40, name: 'chrome', heapRises, heap: null, heapPlan: null, address: '/api/v1/verdict?target=x-40' }],
    })!;
  assert.match(other(true).headline!, / It is a JVM, and the floor of its Java heap after GC rises: a heap leak of that JVM\. /);
  assert.match(other(false).headline!, / It is a JVM, and its Java heap does not grow\. /);
  assert.doesNotMatch(other(null).headline!, /It is a JVM/);
  assert.equal(other(true).title, 'Another JVM of the container grows: chrome');
  assert.match(other(true).advice, /\/api\/v1\/verdict\?target=x-40\.$/);
});

test('a heap of another JVM is called a leak only if it is known to be one, and ends at its own -Xmx if that comes first', () => {
  const process = { processes: 1, pid: 40, parent: null, lives: null };
  const otherJvms = [
    { pid: 40, name: 'chrome', heapRises: true, heap: null, heapPlan: null, address: '/api/v1/verdict?target=x-40' },
  ];
  const headline = (etas: Eta[], leak: boolean | null = true) =>
    growing(process, 0, { otherJvms, evaluation: { etas, leak } })!.headline!;
  assert.match(headline([], null), / the floor of its Java heap after GC rises\. The JVM itself/);
  assert.match(
    headline([eta('heap-exhausted', 600)]),
    /: a heap leak of that JVM\. .* Its heap reaches its -Xmx in 9 to 11 minutes: OutOfMemoryError\.$/,
  );
  assert.match(headline([eta('oom-kill', 600), eta('heap-exhausted', 6000)]), / OOM kill in 9 to 11 minutes\.$/);
});

test('processes of many names are listed by some of their names, with their sum', () => {
  const names = ['awk', 'sox', 'gs', 'convert'];
  const found = applyRule(processGrowth, {
    anonGrowth: {
      fromS: 0,
      toS: 3600,
      readings: 9,
      grewBytes: 40 * MIB,
      parts: [
        ...names.map((name) =>
          part('other-process', name, 20 * MIB, 10 * MIB, { processes: 1, pid: 9, parent: null, lives: null }),
        ),
        part('java-heap', 'Java heap', 90 * MIB, 0, null),
      ],
    },
    evaluation: { trend: 'growing', leak: true, causes: [causeShare('process', 40e6, { what: SEVERAL_PROCESSES })] },
  })!;
  assert.equal(
    found.headline,
    'Processes of 4 names (awk, sox, gs and 1 more) grow 40 MB an hour together, 80 MiB now. The JVM itself stands at 90 MiB.',
  );
  assert.equal(found.evidence.processes, 4);
});
