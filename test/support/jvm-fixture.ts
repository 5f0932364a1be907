import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseHsperfdata, toJvmReading } from '../../src/sources/jvm/hsperfdata.ts';
import { type Mapping, parseSmaps } from '../../src/sources/mappings/smaps.ts';
import type { JvmReading } from '../../src/sources/types.ts';

const bytesOf = (file: string): Buffer => gunzipSync(readFileSync(`test/fixtures/smaps/${file}.gz`));

export const mappingsOf = (name: string): Mapping[] => parseSmaps(bytesOf(`${name}.txt`).toString('latin1'));

/** What the JVM's hsperfdata said at the moment of its mappings. */
export function jvmOfFixture(name: string): JvmReading {
  const parsed = parseHsperfdata(bytesOf(`${name}.hsperf`));
  return parsed.state === 'read' ? toJvmReading(parsed.counters, { atMs: 0, previous: null }) : assert.fail(parsed.error);
}
