import type { NativeMappings } from '../culprit/types.ts';
import type { AnonPartId } from '../diagnosis/ledger/anon-kinds.ts';
import { kindOfFile } from '../diagnosis/ledger/anon-split.ts';
import { LEDGER_PARTS } from '../diagnosis/ledger/part-table.ts';
import { splitMappings } from '../diagnosis/ledger/split-mappings.ts';
import { openHsperfdata } from '../sources/jvm/hsperfdata.ts';
import { isMappedFile } from '../sources/mappings/mapped-files.ts';
import { readSmaps } from '../sources/mappings/smaps.ts';
import type { ProcessRef, Reading, Roots } from '../sources/types.ts';

/** Parts of the ledger that malloc has, so that direct buffers may be in them. */
const MALLOC: ReadonlySet<AnonPartId> = new Set<AnonPartId>([
  'malloc-heap',
  'malloc-arenas',
  'direct-buffers',
  'unnamed-mappings',
]);

/** Whether Java code may have mapped the file: the JVM's own counters and the system's tables are no data of it. */
const isData = (path: string): boolean =>
  isMappedFile(path) && kindOfFile(path) === 'other' && !/\/hsperfdata_|^\/usr\//.test(path);

/** Native memory of a JVM by kind, as the ledger divides it, for the search for a culprit. */
export async function readNativeMappings(jvm: {
  readonly roots: Roots;
  readonly process: ProcessRef;
}): Promise<Reading<NativeMappings>> {
  const counters = openHsperfdata(jvm);
  try {
    const figures = counters.read(Date.now());
    const reading = await readSmaps(jvm);
    if (reading.state !== 'read') return reading;
    const { mappings } = reading.value;
    const { parts, swapped } = splitMappings(mappings, figures.state === 'read' ? figures.value : null);
    const kinds = parts
      .filter(({ id }) => id !== 'java-heap')
      .map(({ id, bytes }) => ({
        name: LEDGER_PARTS[id].name,
        bytes: bytes + (swapped.get(id) ?? 0),
        isMalloc: MALLOC.has(id),
      }));
    const mappedFileBytes = mappings.reduce((sum, m) => sum + (isData(m.path) ? m.end - m.start : 0), 0);
    return { ...reading, value: { kinds, mappedFileBytes } };
  } finally {
    counters.close();
  }
}
