import type { Gauge } from 'prom-client';
import type { FileRow, LedgerPart } from '../diagnosis/types.ts';
import { safeName } from '../format.ts';
import type { JvmReading, Limit } from '../sources/types.ts';
import type { TargetParts } from './status.ts';

/** A longer path is shortened in its middle: a label is kept in the index of every server that scrapes it. */
const LONGEST_PATH = 200;

type MakeGauge = <L extends string>(name: string, help: string, labels: readonly L[]) => Gauge<L>;

/**
 * Metrics of the parts of memory. Their labels are ids of parts, of which the ledger has a fixed set. Paths are private, so files have metrics
 * only if somebody asks for them (`mostFiles` above 0).
 */
export function partMetrics(gauge: MakeGauge, mostFiles: number): (target: string, parts: TargetParts) => void {
  const whole = gauge(
    'memhound_ledger_bytes',
    'Usage divided by the ledger: together with what is unexplained it is all of usage',
    ['target', 'part'],
  );
  const within = gauge('memhound_ledger_part_bytes', 'A part of the part that `of` names; those of one `of` add up to it', [
    'target',
    'of',
    'part',
  ]);
  const unexplained = gauge('memhound_ledger_unexplained_bytes', 'Usage less all parts of the ledger', ['target']);
  const bound = gauge('memhound_ledger_bound_bytes', 'Bytes below which the ledger cannot say what is unexplained', ['target']);
  const jvmBytes = gauge('memhound_jvm_bytes', 'Areas of the JVM: what is used of them, committed, and their maximum', [
    'target',
    'area',
    'size',
  ]);
  const files =
    mostFiles === 0
      ? null
      : gauge('memhound_file_resident_bytes', 'Files with the most bytes in the page cache; only with --metrics-files', [
          'target',
          'path',
        ]);

  return (target, { ledger, jvm, files: rowsOf }) => {
    if (ledger !== null) {
      unexplained.set({ target }, ledger.unexplainedBytes);
      bound.set({ target }, ledger.boundBytes);
      for (const part of ledger.parts) {
        whole.inc({ target, part: part.id }, part.bytes);
        for (const leaf of leavesOf(part)) within.inc({ target, of: part.id, part: leaf.id }, leaf.bytes);
      }
    }
    if (jvm !== null)
      for (const [area, size, bytes] of sizesOf(jvm)) if (typeof bytes === 'number') jvmBytes.set({ target, area, size }, bytes);
    if (files === null) return;
    for (const { path, residentBytes } of largest(rowsOf(), mostFiles))
      files.set({ target, path: safeName(path, LONGEST_PATH) }, residentBytes);
  };
}

/** Several files are parts of one id, so a part is counted by its id. */
function leavesOf({ parts }: LedgerPart): LedgerPart[] {
  return (parts ?? []).flatMap((part) => (part.parts === undefined || part.parts.length === 0 ? [part] : leavesOf(part)));
}

type Size = readonly [area: string, size: 'used' | 'committed' | 'max', bytes: Limit];

function sizesOf({ heapUsed, heapCommitted, heapMax, oldUsed, metaspace, compressedClass }: JvmReading): Size[] {
  return [
    ['heap', 'used', heapUsed.value],
    ['heap', 'committed', heapCommitted.value],
    ['heap', 'max', heapMax],
    ['old-generation', 'used', oldUsed?.value ?? null],
    ['metaspace', 'used', metaspace?.used.value ?? null],
    ['metaspace', 'committed', metaspace?.committed ?? null],
    ['metaspace', 'max', metaspace?.maxBytes ?? null],
    ['class-space', 'used', compressedClass?.used.value ?? null],
    ['class-space', 'committed', compressedClass?.committed ?? null],
    ['class-space', 'max', compressedClass?.maxBytes ?? null],
  ];
}

function largest(rows: readonly FileRow[], most: number): { readonly path: string; readonly residentBytes: number }[] {
  return rows
    .flatMap(({ path, residentBytes }) => (residentBytes === null || residentBytes === 0 ? [] : [{ path, residentBytes }]))
    .sort((a, b) => b.residentBytes - a.residentBytes)
    .slice(0, most);
}
