import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AskedJvm } from '../../../src/sources/jvm/asked-jvm.ts';
import { openHsperfdata } from '../../../src/sources/jvm/hsperfdata.ts';
import { MIB } from '../../../src/units.ts';
import { startJava } from '../../support/java.ts';
import { missingRequirements } from '../../support/needs.ts';
import { processRef, ROOTS } from '../../support/process-ref.ts';

test('a JVM without hsperfdata is asked for its heap, its -Xmx and its metaspace', {
  skip: missingRequirements('javac'),
}, async () => {
  const java = await startJava('scenarios/HeapLeak.java', ['20', '20'], {
    flags: ['-XX:-UsePerfData', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx64m'],
  });
  try {
    await java.line((l) => l === 'done');
    const process = processRef(java.pid);
    const counters = openHsperfdata({ roots: ROOTS, process });
    const absent = counters.read(Date.now());
    counters.close();
    assert.match(absent.state === 'absent' ? absent.reason : '', /-XX:-UsePerfData/);
    const asked = new AskedJvm(ROOTS, process);
    await asked.ask(0);
    const reading = asked.read(0);
    const jvm = reading?.state === 'read' ? reading.value : assert.fail(JSON.stringify(reading));
    assert.deepEqual([jvm.source, jvm.collector, jvm.heapMax], ['attach', 'Serial', 64 * MIB]);
    assert.ok(jvm.heapUsed.value > 18 * MIB && jvm.heapUsed.value <= 64 * MIB, `${jvm.heapUsed.value}`);
    assert.ok((jvm.metaspace?.used.value ?? 0) > 0);
  } finally {
    await java.stop();
  }
});
