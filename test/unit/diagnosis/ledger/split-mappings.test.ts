import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonSplit } from '../../../../src/diagnosis/ledger/anon-split.ts';
import { splitMappings } from '../../../../src/diagnosis/ledger/split-mappings.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import { GIB, KIB, MIB } from '../../../../src/units.ts';
import { jvmReading } from '../../../support/jvm-reading.ts';
import { mapping, reserve } from '../../../support/made-mappings.ts';

const FAR = 0x7f0000000000;
const apart = (k: number) => FAR + k * GIB;
const bytesOf = ({ parts }: AnonSplit) => Object.fromEntries(parts.map(({ id, bytes }) => [id, bytes]));
const resident = (start: number, bytes: number, given: Partial<Mapping> = {}) =>
  mapping(start, start + bytes, { anonBytes: bytes, ...given });

const ARENA_AT = 1024 * 64 * MIB;
const arena = [resident(ARENA_AT, 132 * KIB), reserve(ARENA_AT + 132 * KIB, ARENA_AT + 64 * MIB)];
const NODE_AT = 2048 * 64 * MIB + 4 * MIB;
/** It has the shape of a JVM's metaspace. */
const node = [mapping(NODE_AT, NODE_AT + 192 * KIB, { anonBytes: 100 * KIB }), reserve(NODE_AT + 192 * KIB, NODE_AT + 64 * MIB)];
const libc = mapping(apart(8), apart(8) + MIB, { path: '/usr/lib/x86_64-linux-gnu/libc.so.6', perms: 'r-xp' });
/** A native image with chunks of its heap in a low place and a high one. */
const image = [
  resident(0x400000, 8 * MIB, { path: '/app/server' }),
  resident(0x2000000, MIB, { path: '[heap]' }),
  resident(GIB, 40 * MIB),
  reserve(apart(1), apart(1) + 16 * KIB),
  mapping(apart(1) + 16 * KIB, apart(1) + MIB, { anonBytes: 96 * KIB }),
  resident(apart(2), 24 * MIB),
];
const libjvm = mapping(apart(9), apart(9) + MIB, { path: '/jdk/lib/server/libjvm.so', perms: 'r-xp' });

test('of a process without libjvm.so, what has neither path nor shape is one part, and none of it is called heap, GC or direct buffers', () => {
  const split = splitMappings(image, null);
  assert.deepEqual(bytesOf(split), {
    'unnamed-mappings': 64 * MIB,
    libraries: 8 * MIB,
    'malloc-heap': MIB,
    'thread-stacks': 96 * KIB,
  });
  assert.equal(split.anonBytes, 73 * MIB + 96 * KIB);
  assert.equal(split.heap, null);
});

test('with libjvm.so or counters the same mappings are those of a JVM', () => {
  assert.ok('vm-structures' in bytesOf(splitMappings([...image, libjvm], null)));
  assert.ok('java-heap' in bytesOf(splitMappings([...image, libjvm], null)));
  assert.equal(bytesOf(splitMappings(image, jvmReading()))['unnamed-mappings'], undefined);
});

test('glibc arenas keep their name, and nothing is metaspace', () => {
  assert.deepEqual(bytesOf(splitMappings([...arena, ...node, libc], null)), {
    'malloc-arenas': 132 * KIB,
    'unnamed-mappings': 100 * KIB,
  });
  assert.deepEqual(bytesOf(splitMappings([...arena, ...node], null)), { 'unnamed-mappings': 232 * KIB }, 'without glibc');
});

test('what is swapped out is apart from what is resident', () => {
  const split = splitMappings([resident(GIB, 40 * MIB, { swapBytes: 8 * MIB })], null);
  assert.deepEqual(bytesOf(split), { 'unnamed-mappings': 40 * MIB });
  assert.deepEqual([...split.swapped], [['unnamed-mappings', 8 * MIB]]);
  assert.equal(split.anonBytes, 40 * MIB);
});
