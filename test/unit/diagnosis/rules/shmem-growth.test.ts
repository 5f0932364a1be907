import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shmemGrowth } from '../../../../src/diagnosis/rules/shmem-growth.ts';
import { sentenceText } from '../../../../src/diagnosis/sentence.ts';
import { Steady, type SteadyState } from '../../../../src/diagnosis/steady.ts';
import { HOUR_S, MIB } from '../../../../src/units.ts';
import { applyRule, causeShare, eta, fileRow, type Given, ruleContext } from '../../../support/rule-context.ts';

const growing = (over: Given & { readonly what?: string; readonly seconds?: number } = {}) =>
  applyRule(shmemGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('shmem', 31e6, { what: over.what ?? null })],
      etas: over.seconds === undefined ? [] : [eta('oom-kill', over.seconds)],
    },
  });
const COUNTED = 'grows 31 MB an hour. Most dashboards count it as cache, but the kernel cannot take it back';

test('a file in tmpfs that grows is named, with the time to the OOM kill', () => {
  assert.deepEqual(growing({ what: '/dev/shm/q', seconds: 40 * HOUR_S, values: { shmem: 900 }, jvm: {} }), {
    id: 'shmem-growth',
    headline: `/dev/shm/q ${COUNTED}: OOM kill in 36 to 44 hours.`,
    severity: 'warn',
    title: 'tmpfs or shared memory grows',
    evidence: {
      ...{ bytesPerHour: 31e6, shmemBytes: 900, path: '/dev/shm/q', alsoPaths: [], situation: null },
      ...{ files: null, deletedFiles: null, pids: [], residentBytes: null, collector: 'G1' },
    },
    advice:
      'Delete or bound the files in /dev/shm or in the emptyDir with `medium: Memory`. With a sizeLimit on the volume, Kubernetes evicts this pod when the limit is reached.',
  });
});

test('without a file it is shared memory', () => {
  assert.equal(growing()?.headline, `Shared memory (tmpfs, /dev/shm) ${COUNTED}.`);
  assert.equal(growing()?.evidence.collector, null);
});

test('without a file the process that maps most of it is named, with the command that shows what it is', () => {
  const holder = (mib: number, name = 'postgres', pid = 12) =>
    growing({ values: { shmem: 200 * MIB }, shmemHolder: { pid, name, bytes: mib * MIB } });
  assert.equal(
    holder(160)?.headline,
    `Shared memory without a file in sight, 160 MiB of it mapped by postgres (pid 12), ${COUNTED}.`,
  );
  assert.match(holder(160)?.advice ?? '', /System V segments .*`grep -E "SYSV\|memfd\|zero" \/proc\/12\/maps`/);
  assert.match(holder(160, 'java', 1)?.headline ?? '', /mapped by the JVM \(pid 1\)/);
  assert.equal(holder(99)?.headline, `Shared memory (tmpfs, /dev/shm) ${COUNTED}.`, 'it maps less than half');
});

test('without a limit it ends where the node runs short', () =>
  assert.match(
    growing({ series: { limitBytes: 'max' } })?.headline ?? '',
    /take it back\. No limit is set: it grows until the node/,
  ));

test('with a time to the OOM kill, a limit that was removed since is not mentioned', () =>
  assert.match(
    growing({ series: { limitBytes: 'max' }, seconds: 40 * HOUR_S })?.headline ?? '',
    /take it back: OOM kill in 36 to 44 hours\.$/,
  ));

for (const [collector, isZ] of [
  ['ZGC', true],
  ['G1', false],
  ['Parallel', false],
  [null, false],
] as const)
  test(`the heap of collector ${collector} ${isZ ? 'lies' : 'does not lie'} in shared memory`, () =>
    assert.equal(/^ZGC keeps the Java heap in shared memory/.test(growing({ jvm: { collector } })?.advice ?? ''), isZ));

test('it is critical within a day of the OOM kill', () => {
  assert.equal(growing({ seconds: 24 * HOUR_S })?.severity, 'warn');
  assert.equal(growing({ seconds: 24 * HOUR_S - 1 })?.severity, 'critical');
  assert.equal(growing()?.severity, 'warn');
});

test('many files in tmpfs are named by their folder; deleted ones that nobody closes have advice of their own', () => {
  const fileSystem = { kind: 'tmpfs', freeBytes: 1e9, totalBytes: 2e9 } as const;
  const many = fileRow({ kind: 'folder', path: '/shm/spill/', files: 30, residentBytes: 258e6, fileSystem });
  assert.match(
    growing({ what: many.path, files: [many] })?.headline ?? '',
    /^\/shm\/spill\/ \(30 files, 246 MiB\) grows 31 MB an hour/,
  );
  const deleted = { ...many, deleted: true, deletedFiles: 30 };
  assert.match(growing({ what: many.path, files: [deleted] })?.advice ?? '', /^A leak of descriptors/);
  const memfd = { ...deleted, kind: 'file', path: '/memfd:arrow', files: 1, sizeBytes: 246 * MIB, pids: [9] } as const;
  assert.match(
    growing({ what: memfd.path, files: [memfd], processNames: new Map([[9, 'python3']]) })?.headline ?? '',
    /^\/memfd:arrow \(30 deleted files, 246 MiB\), held open by python3 pid 9, grows 31 MB an hour/,
    'each of the same name',
  );
});

test('a process that maps most of it is named still where one look has not seen it', () => {
  let state: SteadyState | null = null;
  const headlineAt = (second: number, bytes: number | null): string => {
    const given = { values: { shmem: 200 * MIB }, shmemHolder: bytes === null ? null : { pid: 12, name: 'python3', bytes } };
    const steady = new Steady(state, second, HOUR_S);
    const { headline } = shmemGrowth.explain({ ...ruleContext(given), steady }, causeShare('shmem', 31e6, { what: null }));
    state = steady.after;
    return sentenceText(headline);
  };
  assert.match(headlineAt(0, 160 * MIB), /160 MiB of it mapped by python3/);
  assert.match(headlineAt(1, null), /160 MiB of it mapped by python3/);
  assert.match(headlineAt(2, 170 * MIB), /170 MiB of it mapped by python3/);
});

test('one memfd that grows is in use, and several that stay open are a leak of descriptors', () => {
  const advice = (deletedFiles: number) =>
    applyRule(shmemGrowth, {
      files: [
        fileRow({
          ...{ path: '/memfd:async-profiler-recording', deleted: true, deletedFiles, files: deletedFiles },
          fileSystem: { kind: 'tmpfs', freeBytes: 0, totalBytes: 1 },
        }),
      ],
      evaluation: { trend: 'growing', causes: [causeShare('shmem', 31e6, { what: '/memfd:async-profiler-recording' })] },
    })?.advice ?? '';
  assert.match(advice(1), /^One file in memory that has no name in any folder/);
  assert.match(advice(40), /^A leak of descriptors/);
});
