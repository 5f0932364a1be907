import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartGrowth } from '../../../../src/diagnosis/growth/anon-growth.ts';
import { withGrowth } from '../../../../src/diagnosis/growth/ledger-growth.ts';
import { exactPart } from '../../../../src/diagnosis/ledger/ledger-part.ts';
import type { Ledger } from '../../../../src/diagnosis/types.ts';
import { MIB } from '../../../../src/units.ts';

const read = { how: 'read', at: '2026-01-01T00:00:00Z' } as const;
const ledger: Ledger = {
  at: read.at,
  totalBytes: 100,
  limitBytes: null,
  boundBytes: 1,
  unexplainedBytes: 0,
  boundNote: '',
  parts: [
    exactPart('anon', 90, {
      ...read,
      parts: [
        exactPart('java-heap', 60, { ...read, note: 'resident pages' }),
        exactPart({ id: 'other-process', name: 'ffmpeg (3 processes)' }, 30, read),
      ],
    }),
    exactPart('page-cache', 10, read),
  ],
};
const part = (id: PartGrowth['id'], name: string, grewBytes: number): PartGrowth => ({
  id,
  name,
  grewBytes,
  process: null,
  bytes: 60,
  bytesPerHour: grewBytes,
});
const growth = (...parts: PartGrowth[]) => ({ fromS: 1_767_225_600, toS: 1_767_229_200, readings: 2, grewBytes: 1, parts });

test('each part of anonymous memory says what it grew by, with the figures of the verdict', () => {
  const { parts } = withGrowth(
    ledger,
    growth(part('other-process', 'ffmpeg', 20 * MIB), part('java-heap', 'Java heap', 5 * MIB)),
  );
  const [heap, process] = parts[0]!.parts!;
  assert.deepEqual([heap!.grewBytes, heap!.note], [5 * MIB, 'grew by 5 MiB since 2026-01-01T00:00:00.000Z; resident pages']);
  assert.deepEqual([process!.grewBytes, process!.note], [20 * MIB, 'grew by 20 MiB since 2026-01-01T00:00:00.000Z']);
  assert.equal(parts[1], ledger.parts[1]);
});

test('growth below 1 MiB, of another process, or that is not known is not mentioned', () => {
  const little = withGrowth(
    ledger,
    growth(part('java-heap', 'Java heap', MIB - 1), part('other-process', 'ffmpeg-static', 9 * MIB)),
  );
  assert.deepEqual(little, ledger);
  assert.equal(withGrowth(ledger, null), ledger);
});
