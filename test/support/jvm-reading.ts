import type { JvmReading } from '../../src/sources/types.ts';
import { MIB } from '../../src/units.ts';

/** What a JDK 17 with G1 says of itself, but for the given figures. All that tests know of a JVM begins here. */
export const jvmReading = (given: Partial<JvmReading> = {}): JvmReading => ({
  source: 'hsperfdata',
  nspid: 1,
  vendor: null,
  version: '17.0.1',
  collector: 'G1',
  generations: [],
  heapUsed: { value: 100 * MIB, atMs: 0 },
  heapCommitted: { value: 200 * MIB, atMs: 0 },
  heapMax: null,
  oldUsed: null,
  metaspace: null,
  compressedClass: null,
  classes: null,
  threads: null,
  collectors: [],
  gcCount: 40,
  gcUpdates: null,
  fullGcCount: 2,
  gcSeconds: 1,
  uptimeSeconds: null,
  flags: [],
  ...given,
});
