import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markStacks } from '../../../../src/diagnosis/ledger/mark-stacks.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import { GIB, KIB, MIB } from '../../../../src/units.ts';
import { jvmFigures, mapping, reserve } from '../../../support/made-mappings.ts';

const START = 20 * GIB;
const ZGC = jvmFigures({ collector: 'ZGC' });
const stacks = (committed: number, reserved: number, given: Partial<Mapping> = {}) => [
  mapping(START, START + committed, { anonBytes: 5 * MIB, ...given }),
  reserve(START + committed, START + reserved),
];
const found = (mappings: readonly Mapping[]) => markStacks(mappings, ZGC);

test('the stacks of ZGC’s marking threads are steps of 32 MiB at the start of a reservation of 8 or 1024 GiB', () => {
  for (const reserved of [8 * GIB, 1024 * GIB])
    assert.deepEqual(found([mapping(0, MIB), ...stacks(64 * MIB, reserved)]), {
      start: START,
      end: START + reserved,
      anonBytes: 5 * MIB,
      committedBytes: 64 * MIB,
    });
});

test('no other collector has them', () => {
  assert.equal(markStacks(stacks(64 * MIB, 8 * GIB), jvmFigures({ collector: 'G1' })), null);
});

test('a reservation of another length, step, kind or place is none', () => {
  assert.equal(found(stacks(64 * MIB, 8 * GIB + MIB)), null);
  assert.equal(found(stacks(65 * MIB, 8 * GIB)), null);
  assert.equal(found(stacks(64 * MIB, 8 * GIB, { path: '[heap]' })), null);
  for (const perms of ['r--p', 'rw-s']) assert.equal(found(stacks(64 * MIB, 8 * GIB, { perms })), null);
  const [written] = stacks(64 * MIB, 8 * GIB);
  assert.equal(found([written!]), null);
  assert.equal(found([written!, mapping(written!.end, START + 8 * GIB)]), null);
  assert.equal(found([written!, reserve(written!.end + 4 * KIB, START + 8 * GIB)]), null);
});
