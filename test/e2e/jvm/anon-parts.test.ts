import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnonSplit, splitAnon } from '../../../src/diagnosis/ledger/anon-split.ts';
import { openHsperfdata } from '../../../src/sources/jvm/hsperfdata.ts';
import { readSmaps } from '../../../src/sources/mappings/smaps.ts';
import { readStatus } from '../../../src/sources/process/procfs.ts';
import { MIB } from '../../../src/units.ts';
import { startJava } from '../../support/java.ts';
import { missingRequirements } from '../../support/needs.ts';
import { processRef, ROOTS } from '../../support/process-ref.ts';

const skip = missingRequirements('javac');

async function split(pid: number): Promise<AnonSplit> {
  const process = processRef(pid);
  const reader = openHsperfdata({ roots: ROOTS, process });
  const jvm = reader.read(Date.now());
  reader.close();
  const smaps = await readSmaps({ roots: ROOTS, process });
  assert.equal(smaps.state, 'read', JSON.stringify(smaps).slice(0, 300));
  assert.equal(jvm.state, 'read');
  return smaps.state === 'read' && jvm.state === 'read' ? splitAnon(smaps.value.mappings, jvm.value) : assert.fail();
}

const bytes = (s: AnonSplit, id: string): number => s.parts.find((p) => p.id === id)?.bytes ?? 0;

const CASES = [
  {
    program: 'HeapLeak',
    args: ['20', '100'],
    flags: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xms256m', '-Xmx256m', '-Xmn4m'],
    part: ['java-heap'],
  },
  {
    program: 'UnsafeLeak',
    args: ['20', '100'],
    flags: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx64m'],
    part: ['direct-buffers', 'vm-structures'],
  },
  {
    program: 'DirectLeak',
    args: ['20', '100'],
    flags: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx64m', '-XX:MaxDirectMemorySize=200m'],
    part: ['direct-buffers', 'vm-structures'],
  },
  {
    program: 'MallocArenas',
    args: ['20', '100', '8'],
    flags: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx64m'],
    part: ['malloc-arenas', 'malloc-heap'],
  },
] as const;

for (const { program, args, flags, part } of CASES) {
  test(`${program}: ${part[0]} grows by what it allocated, within 5 %`, { skip }, async () => {
    const java = await startJava(`scenarios/${program}.java`, args, { flags });
    try {
      await java.line((l) => l === 'ready');
      const before = await split(java.pid);
      await java.line((l) => l === 'done');
      const after = await split(java.pid);
      const grown = part.reduce((sum, id) => sum + bytes(after, id) - bytes(before, id), 0);
      assert.ok(Math.abs(grown - 100 * MIB) <= 5 * MIB, `${grown} bytes; ${JSON.stringify(after.parts)}`);
    } finally {
      await java.stop();
    }
  });
}

test('ThreadLeak: each thread has its own stack', { skip }, async () => {
  const java = await startJava('scenarios/ThreadLeak.java', ['200', '200'], {
    flags: ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx64m'],
  });
  try {
    await java.line((l) => l === 'done');
    const stacks = (await split(java.pid)).parts.find((p) => p.id === 'thread-stacks')!;
    const threads = readStatus('/proc', java.pid)!.threads!;
    assert.ok(
      threads >= 200 && Math.abs(stacks.count - threads) <= 0.05 * threads,
      `${stacks.count} stacks of ${threads} threads`,
    );
  } finally {
    await java.stop();
  }
});
