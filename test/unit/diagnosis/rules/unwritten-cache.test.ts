import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pinnedByCache } from '../../../../src/diagnosis/rules/pinned-by-cache.ts';
import { unwrittenCache } from '../../../../src/diagnosis/rules/unwritten-cache.ts';
import { MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

const values = (dirty: number, writeback: number, usage: number) => ({
  file_dirty: dirty * MIB,
  file_writeback: writeback * MIB,
  usage: usage * MIB,
  anon: 100 * MIB,
  file: 600 * MIB,
});
const at = (dirty: number, writeback: number, usage: number) =>
  applyRule(unwrittenCache, { values: values(dirty, writeback, usage), series: { limitBytes: 1000 * MIB } });

test('cache that waits to be written is not said to be reclaimed with ease', () => {
  const found = at(200, 100, 950);
  assert.equal(found?.title, '300 MiB of the page cache wait to be written: the kernel cannot take them back before that');
  assert.equal(found?.severity, 'warn');
  assert.deepEqual(found?.limit, { kind: 'memory', bytes: 1000 * MIB, level: 'usage', levelBytes: 950 * MIB });
  assert.equal(at(200, 100, 700)?.severity, 'info', 'the limit is not near yet');
});

test('half a minute of a log that waits to be written is usual, and so is much of it far from the limit', () => {
  assert.equal(at(150, 0, 950), null);
  assert.equal(at(300, 0, 300), null);
});

test('usage that stands at the limit by cache that is not written is not called harmless', () => {
  const advice = (dirty: number) =>
    applyRule(pinnedByCache, { values: values(dirty, 0, 1000), series: { limitBytes: 1000 * MIB } })?.advice ?? '';
  assert.match(advice(0), /causes no OOM kill/);
  assert.match(advice(300), /not written yet.*may stall or be OOM-killed/);
});
