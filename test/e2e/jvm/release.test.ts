import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ReleasedMemory } from '../../../src/sources/jvm/release-memory.ts';
import { MIB } from '../../../src/units.ts';
import { startJava } from '../../support/java.ts';
import { MEMHOUND } from '../../support/memhound.ts';
import { missingRequirements } from '../../support/needs.ts';
import { run } from '../../support/process.ts';

const skip = missingRequirements('javac');

const FLAGS = ['-XX:+UseSerialGC', '-Xmx64m', '-XX:MaxDirectMemorySize=400m', '-XX:TieredStopAtLevel=1'];

async function released(t: TestContext, args: readonly string[], flags: readonly string[]): Promise<ReleasedMemory> {
  const java = await startJava('scenarios/FreedMemory.java', args, { flags });
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
  return (JSON.parse(stdout) as { released: { value: ReleasedMemory } }).released.value;
}

test('explain --release: buffers that wait for a collection, and blocks that malloc keeps, are given back and stated separately', {
  skip,
}, async (t) => {
  const { beforeBytes, afterCollectionBytes, afterTrimBytes } = await released(t, ['80', '60'], FLAGS);
  assert.ok(beforeBytes - afterCollectionBytes > 60 * MIB, `${beforeBytes}, ${afterCollectionBytes}`);
  assert.ok(
    afterTrimBytes !== null && afterCollectionBytes - afterTrimBytes > 40 * MIB,
    `${afterCollectionBytes}, ${afterTrimBytes}`,
  );
});

test('explain --release: buffers that wait are given back by a JVM with -XX:+DisableExplicitGC, too', { skip }, async (t) => {
  const { beforeBytes, afterCollectionBytes } = await released(t, ['80', '0'], [...FLAGS, '-XX:+DisableExplicitGC']);
  assert.ok(beforeBytes - afterCollectionBytes > 60 * MIB, `${beforeBytes}, ${afterCollectionBytes}`);
});
