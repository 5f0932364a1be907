import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryTrimmer } from '../../../src/daemon/memory-trimmer.ts';
import { MIB, MINUTE_MS, SECOND_MS } from '../../../src/units.ts';

test('memory is looked at a minute after the trim of the start, then each ten minutes', async () => {
  let looks = 0;
  const trimmer = new MemoryTrimmer(() => {
    looks++;
    return 20 * MIB;
  });
  const looksAt = async (nowMs: number): Promise<boolean> => {
    const before = looks;
    await trimmer.tick(nowMs);
    return looks > before;
  };
  await trimmer.trimAfterStart(0);
  assert.equal(await looksAt(MINUTE_MS - SECOND_MS), false);
  assert.equal(await looksAt(MINUTE_MS), true);
  assert.equal(await looksAt(10 * MINUTE_MS), false);
  assert.equal(await looksAt(11 * MINUTE_MS), true);
});
