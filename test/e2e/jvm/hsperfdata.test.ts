import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { openHsperfdata, parseHsperfdata } from '../../../src/sources/jvm/hsperfdata.ts';
import { startJava } from '../../support/java.ts';
import { missingRequirements, program } from '../../support/needs.ts';
import { run } from '../../support/process.ts';
import { processRef, ROOTS } from '../../support/process-ref.ts';
import { stopProcess } from '../../support/still.ts';

const skip = missingRequirements('javac');

for (const collector of ['Serial', 'Parallel', 'G1', 'Z', 'Shenandoah']) {
  test(`${collector}: every counter of a stopped JVM equals jstat's, to the byte`, {
    skip: missingRequirements('javac', 'jstat'),
  }, async () => {
    const java = await startJava('scenarios/Healthy.java', ['8', '20'], {
      flags: [`-XX:+Use${collector}GC`, '-Xms64m', '-Xmx64m'],
    });
    try {
      await java.line((l) => l === 'ready');
      await stopProcess(java.pid);
      const reader = openHsperfdata({ roots: ROOTS, process: processRef(java.pid) });
      const parsed = parseHsperfdata(reader.rawBytes()!);
      const reading = reader.read(Date.now());
      reader.close();
      const jstat = await run(program('jstat'), ['-J-Djstat.showUnsupported=true', '-snap', String(java.pid)]);
      java.child.kill('SIGCONT');
      const theirs = [...jstat.stdout.matchAll(/^([\w.]+)=(-?\d+)$/gm)].filter((m) => !m[1]!.startsWith('sun.perfdata.'));
      assert.ok(theirs.length > 100, jstat.stdout.slice(0, 300) + jstat.stderr);
      const ours = parsed.state === 'read' ? parsed.counters : assert.fail(parsed.error);
      for (const [, name, value] of theirs) assert.equal(String(ours.get(name!)), value, name);
      const used = theirs.filter(([, name]) => /^sun\.gc\.generation\.\d+\.space\.\d+\.used$/.test(name!));
      assert.equal(
        reading.state === 'read' && reading.value.heapUsed.value,
        used.reduce((sum, m) => sum + Number(m[2]), 0),
      );
    } finally {
      java.child.kill('SIGCONT');
      await java.stop();
    }
  });
}

test('a killed JVM is absent, even if its file remains', { skip }, async () => {
  const java = await startJava('scenarios/Healthy.java', ['8', '20']);
  await java.line((l) => l === 'ready');
  const reader = openHsperfdata({ roots: ROOTS, process: processRef(java.pid) });
  assert.equal(reader.read(Date.now()).state, 'read');
  await java.stop('SIGKILL');
  const after = reader.read(Date.now());
  reader.close();
  assert.match(after.state === 'absent' ? after.reason : JSON.stringify(after), /has ended/);
});

for (const [flag, why] of [
  ['-XX:-UsePerfData', /-XX:-UsePerfData/],
  ['-XX:+PerfDisableSharedMem', /PerfDisableSharedMem/],
] as const) {
  test(`${flag} is given as the reason`, { skip }, async () => {
    const java = await startJava('scenarios/Healthy.java', ['8', '20'], { flags: [flag, '-Xmx64m'] });
    try {
      await java.line((l) => l === 'ready');
      const reader = openHsperfdata({ roots: ROOTS, process: processRef(java.pid) });
      const reading = reader.read(Date.now());
      reader.close();
      assert.match(reading.state === 'absent' ? reading.reason : JSON.stringify(reading), why);
    } finally {
      await java.stop();
      assert.ok(!existsSync(`/tmp/.attach_pid${java.pid}`));
    }
  });
}
