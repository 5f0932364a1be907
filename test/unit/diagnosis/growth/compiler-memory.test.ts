import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartGrowth } from '../../../../src/diagnosis/growth/anon-growth.ts';
import { attribute, nativePartsOf } from '../../../../src/diagnosis/growth/attribute.ts';
import { mayBeCompilers } from '../../../../src/diagnosis/growth/compiler-memory.ts';
import type { LedgerPartId } from '../../../../src/diagnosis/ledger/part-table.ts';
import type { Cause } from '../../../../src/trends/types.ts';
import { MIB, MINUTE_S } from '../../../../src/units.ts';
import { causeShare, eta, fieldTrend } from '../../../support/rule-context.ts';

/** What these parts grew by, in MiB; as of ActiveMQ on JDK 21, 20 to 150 seconds after its start, under load, unless others are given. */
function grown(over: Partial<Record<LedgerPartId, number>> = {}, seconds = 127) {
  const mib = { 'malloc-arenas': 7.3, 'code-cache': 3.3, 'java-heap': 1.3, metaspace: 0.7, 'thread-stacks': -0.1, ...over };
  const parts = Object.entries(mib).map(([id, grew]): PartGrowth => {
    const grewBytes = grew * MIB;
    const bytesPerHour = (grewBytes / seconds) * 3600;
    return { id: id as LedgerPartId, name: id, process: null, bytes: grewBytes, grewBytes, bytesPerHour };
  });
  return { fromS: 100, toS: 100 + seconds, readings: 21, grewBytes: 12.6 * MIB, parts };
}

const mayBe = (growth: ReturnType<typeof grown>) => mayBeCompilers(growth, nativePartsOf(growth, []));

test('arenas that grow while code is compiled may be the compilers', () => assert.equal(mayBe(grown()), true));

test('without compiled code, or beyond 32 times its bytes, native memory has another cause', () => {
  assert.equal(mayBe(grown({ 'code-cache': 0 })), false);
  assert.equal(mayBe(grown({ 'code-cache': -0.5 })), false);
  assert.equal(mayBe(grown({ 'code-cache': 0.5, 'malloc-arenas': 16 })), true);
  assert.equal(mayBe(grown({ 'code-cache': 0.5, 'malloc-arenas': 12, 'direct-buffers': 4.1 })), false);
});

test('stacks that grow without compiled code are not the compilers', () => {
  const stacks = { 'code-cache': 0, 'malloc-arenas': 0, 'thread-stacks': 20 };
  assert.equal(mayBe(grown(stacks)), false);
  assert.equal(mayBe(grown({ ...stacks, 'code-cache': 1 })), true);
});

test('compilers take at most 32 MiB, and a warm-up lasts ten minutes at most', () => {
  assert.equal(mayBe(grown({ 'malloc-arenas': 32 })), true);
  assert.equal(mayBe(grown({ 'malloc-arenas': 32.1 })), false);
  assert.equal(mayBe(grown({}, 10 * MINUTE_S)), true);
  assert.equal(mayBe(grown({}, 10 * MINUTE_S + 1)), false);
});

const answer = (causes: readonly Cause[], growth = grown()) =>
  attribute({
    evaluation: {
      trend: 'growing',
      leak: true,
      confidence: 0.9,
      causes: causes.map((cause) => causeShare(cause, 340 * MIB)),
      etas: [eta('oom-kill', 5000)],
      needs: null,
      causeBasis: [],
      fields: { anon: fieldTrend('growing', 340 * MIB), heap_used: fieldTrend('stable') },
    },
    growth,
    heapCounted: true,
  });

test('growth that may be the compilers is native, with an unknown leak and no time to an OOM kill', () => {
  const { trend, leak, confidence, causes, etas } = answer(['native']);
  assert.deepEqual([trend, leak, confidence, causes[0]?.cause, etas], ['growing', null, 0.75, 'native', []]);
});

test('beside another leak the compilers change nothing', () => {
  const { leak, confidence, etas } = answer(['heap', 'native']);
  assert.deepEqual([leak, confidence, etas.length], [true, 0.9, 1]);
});

test('a leak of native memory outgrows the compilers', () =>
  assert.equal(answer(['native'], grown({ 'malloc-arenas': 60 }, 60)).leak, true));
