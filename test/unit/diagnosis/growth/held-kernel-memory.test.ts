import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../../src/diagnosis/verdict.ts';
import type { CountedObjects } from '../../../../src/sources/process/kernel-objects.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { causeShare, eta, fieldTrend, ruleContext } from '../../../support/rule-context.ts';

const PER_HOUR = 9.5e9;
/** Kernel memory of cgroup v1 that has grown for `seconds`, with what was counted in it. */
function verdictOf(objects: CountedObjects, { seconds = 60, usedMib = 200, limitBytes = 768 * MIB } = {}) {
  const kernel = { ...fieldTrend('growing', PER_HOUR), windowSeconds: seconds, low: PER_HOUR, high: PER_HOUR };
  const {
    anonGrowth: _,
    steady: __,
    ...context
  } = ruleContext({
    values: { usage: usedMib * MIB, anon: 60 * MIB, kernel: (usedMib - 60) * MIB },
    series: { limitBytes },
    target: { cgroup: { version: 1, path: '/x' } },
    kernelObjects: [objects],
    evaluation: {
      trend: 'growing',
      leak: null,
      confidence: 0.75,
      causes: [causeShare('slab', PER_HOUR, { reclaimable: true })],
      causeBasis: [{ cause: 'slab', slope: PER_HOUR, posterior: 0.999, confidence: 0.75, cappedBy: 'daily-load' } as never],
      etas: [eta('reclaim', 200)],
      fields: { usage: kernel, kernel },
    },
  });
  return diagnose(context);
}
const files = (perSecond: number, seconds = 40): CountedObjects => ({
  ...{ kind: 'tmpfs-file', path: '/shm', count: 150_000 },
  ...{ grew: perSecond * seconds, seconds },
});

test('files of a tmpfs that grow as fast as kernel memory are a leak that ends in an OOM kill, on cgroup v1 too', () => {
  const found = verdictOf(files(2500));
  assert.equal(found.leak, true);
  assert.deepEqual(
    found.causes.map(({ cause, reclaimable }) => [cause, reclaimable]),
    [['slab', false]],
  );
  assert.deepEqual(
    found.etas.map(({ event, seconds }) => [event, Math.round(seconds)]),
    [['oom-kill', Math.round((568 * MIB * 3600) / PER_HOUR)]],
  );
  assert.match(
    found.headline,
    /^Kernel memory grows 2\.6 MB a second on its own: kernel objects that the kernel cannot take back\. OOM kill in 4 minutes\. About 150,000 files and folders lie on the tmpfs \/shm:/,
  );
});

test('it is not known to be a leak before it was counted for some time, or where the end is far and the start near', () => {
  assert.equal(verdictOf(files(2500, 15)).leak, null);
  assert.equal(verdictOf(files(2500), { limitBytes: 16 * GIB }).leak, null);
  assert.equal(verdictOf(files(2500), { limitBytes: 16 * GIB, seconds: 400 }).leak, true);
});

test('files that are too few for the growth, or so many that another container must have them, leave it open', () => {
  for (const few of [files(200), files(0), files(6000)]) {
    const found = verdictOf(few);
    assert.equal(found.leak, null);
    assert.equal(found.causes[0]?.reclaimable, true);
  }
});

test('pipes and sockets are the growth where that is no more than those that came can hold, and no less than they take empty', () => {
  const held = (kind: 'pipe' | 'socket' | 'epoll', perSecond: number, seconds = 40) =>
    verdictOf({ kind, pid: 7, count: 9000, grew: perSecond * seconds, seconds });
  // 2.6 MB a second: 26 kB for each of a hundred.
  assert.deepEqual([held('pipe', 100).leak, held('pipe', 100).causes[0]?.reclaimable], [true, false]);
  assert.equal(held('socket', 100).leak, true);
  assert.equal(held('epoll', 1000).leak, true);
  for (const other of [held('pipe', 50), held('pipe', 6000), held('socket', 6), held('epoll', 100), held('pipe', 100, 5)]) {
    assert.equal(other.leak, null);
    assert.equal(other.causes[0]?.reclaimable, true);
  }
});

test('rings of io_uring of which the kernel tells the sizes are a leak where they take what kernel memory grows by', () => {
  const rings = (perSecond: number): CountedObjects => ({
    ...{ kind: 'io_uring', pid: 7, count: 400, leastBytes: 400 * 409_600 },
    ...{ grew: perSecond * 40, seconds: 40 },
  });
  const found = verdictOf(rings(5));
  assert.equal(found.leak, true);
  assert.match(found.headline, /cannot take back\. OOM kill in 4 minutes\. About 400 io_uring rings are held open by pid 7/);
  assert.equal(verdictOf(rings(0)).leak, null);
});

test('what processes hold is named at the first look where it is most of all kernel memory, and files of a tmpfs are not', () => {
  const atFirst = (objects: CountedObjects) => verdictOf({ ...objects, grew: 0, seconds: 0 });
  const rings = { kind: 'io_uring', pid: 7, count: 300, leastBytes: 300 * 409_600, grew: 0, seconds: 0 } as const;
  assert.match(atFirst(rings).headline, /kernel objects that the kernel cannot take back\..* About 300 io_uring rings/);
  assert.equal(atFirst(rings).leak, null);
  assert.doesNotMatch(atFirst({ ...rings, count: 100, leastBytes: 100 * 409_600 }).headline, /io_uring/);
  assert.match(
    atFirst({ kind: 'tmpfs-file', path: '/shm', count: 150_000, grew: 0, seconds: 0 }).headline,
    /cgroup v1 does not say/,
  );
});

test('processes that have ended and are not waited for are a leak, with the one that should wait', () => {
  const found = verdictOf({ kind: 'zombie', pid: 7, count: 14_200, grew: 12_000, seconds: 40 });
  assert.equal(found.leak, true);
  assert.match(found.headline, /About 14,000 processes have ended, and pid 7 does not wait for them \(zombies\)/);
});
