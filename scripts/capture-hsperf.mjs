// Makes test/fixtures/hsperf: hsperfdata of this machine's JDK under each of its collectors, and the output of jstat at the same
// instant. The JVM is stopped (SIGSTOP) while both are read, so that they must be equal. Texts that name this machine are blanked.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const OUT = 'test/fixtures/hsperf';
const COLLECTORS = {
  serial: 'UseSerialGC',
  parallel: 'UseParallelGC',
  g1: 'UseG1GC',
  zgc: 'UseZGC',
  shenandoah: 'UseShenandoahGC',
};

const work = mkdtempSync(join(tmpdir(), 'memhound-hsperf-'));
await build({
  entryPoints: ['src/cli/redaction.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: join(work, 'redact.mjs'),
  logLevel: 'error',
});
const { redactHsperfdata } = await import(join(work, 'redact.mjs'));
execFileSync('javac', ['-d', work, 'scenarios/Healthy.java']);

const find = (pid) => {
  for (const folder of readdirSync('/tmp').filter((n) => n.startsWith('hsperfdata_'))) {
    if (readdirSync(join('/tmp', folder)).includes(String(pid))) return join('/tmp', folder, String(pid));
  }
  throw new Error(`no hsperfdata of pid ${pid} under /tmp`);
};

for (const [name, flag] of Object.entries(COLLECTORS)) {
  const java = spawn('java', [`-XX:+${flag}`, '-Xms64m', '-Xmx64m', '-cp', work, 'Healthy', '8', '20'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((ready) => java.stdout.once('data', ready));
  await new Promise((later) => setTimeout(later, 3000));
  process.kill(java.pid, 'SIGSTOP');
  const bytes = readFileSync(find(java.pid));
  const jstat = execFileSync('jstat', ['-J-Djstat.showUnsupported=true', '-snap', String(java.pid)], { encoding: 'utf8' });
  process.kill(java.pid, 'SIGKILL');
  const used = bytes.readInt32LE(8);
  writeFileSync(join(OUT, `${name}.bin`), redactHsperfdata(bytes.subarray(0, used)));
  const numbers = Object.fromEntries([...jstat.matchAll(/^([\w.]+)=(-?\d+)$/gm)].map((m) => [m[1], Number(m[2])]));
  writeFileSync(join(OUT, `${name}.jstat.json`), `${JSON.stringify(numbers, null, 1)}\n`);
  console.log(`${name}: ${used} bytes, ${Object.keys(numbers).length} numbers`);
}
rmSync(work, { recursive: true });
