import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReleasedMemory } from '../../../src/sources/jvm/release-memory.ts';
import { MIB } from '../../../src/units.ts';
import { startJava } from '../../support/java.ts';
import { MEMHOUND } from '../../support/memhound.ts';
import { missingRequirements } from '../../support/needs.ts';
import { run } from '../../support/process.ts';

const skip = missingRequirements('javac');

test('explain --release: buffers that wait for a collection, and blocks that malloc keeps, are given back and stated separately', {
  skip,
}, async (t) => {
  const flags = ['-XX:+UseSerialGC', '-Xmx64m', '-XX:MaxDirectMemorySize=400m', '-XX:TieredStopAtLevel=1'];
  const java = await startJava('scenarios/FreedMemory.java', ['80', '60'], { flags });
  t.after(() => java.stop('SIGKILL'));
  await java.line((line) => line === 'ready');
  const { code, stdout, stderr } = await run(process.execPath, [
    MEMHOUND,
    'explain',
    '--json',
    '--release',
    '--pid',
    String(java.pid),
  ]);
  assert.equal(code, 0, stderr);
  const { released } = JSON.parse(stdout) as { released: { state: string; value: ReleasedMemory } };
  const { beforeBytes, afterCollectionBytes, afterTrimBytes } = released.value;
  assert.ok(beforeBytes - afterCollectionBytes > 60 * MIB, stdout);
  assert.ok(afterTrimBytes !== null && afterCollectionBytes - afterTrimBytes > 40 * MIB, JSON.stringify(released));
});
