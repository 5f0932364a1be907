import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FileRow, Ledger, TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import { runGuest } from '../support/guest.ts';
import { compile } from '../support/java.ts';
import { copyMemhound } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { assertStory } from '../support/story.ts';

type GuestLine = { readonly event: string; readonly status?: number } & Readonly<Record<string, unknown>>;
const skip = missingRequirements('guest', 'javac', 'fincore', 'setpriv');

for (const version of [2, 1] as const) {
  test(`on a kernel with cgroup v${version}, memhound in its own container names the log that the JVM in the other container writes`, {
    skip,
    timeout: 500_000,
  }, async () => {
    const out = mkdtempSync(join(tmpdir(), 'memhound-uml-out-'));
    try {
      // The guest's user nobody must be able to read everything that runs there; the checkout may be private.
      chmodSync(out, 0o755);
      mkdirSync(join(out, 'classes'));
      copyFileSync(join(await compile('demo/SpringLog.java'), 'SpringLog.class'), join(out, 'classes', 'SpringLog.class'));
      copyMemhound(out);
      const guest = ['-t', '400', '-c', `v${version}`, '-o', out, process.execPath, 'test/uml/story.mjs'];
      const { code, stdout, stderr } = await runGuest(guest);
      assert.equal(code, 0, `the guest's script failed:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
      const lines = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as GuestLine);
      const one = <T>(event: string) => lines.find((line) => line.event === event) as (GuestLine & T) | undefined;

      assertStory(one<{ verdict: Verdict }>('live')!.verdict, '/tmp/spring.log');
      assertStory(one<{ body: Verdict }>('verdict')!.body, '/tmp/spring.log');
      const [target] = one<{ body: TargetInfo[] }>('targets')!.body;
      assert.equal(target?.cgroup.version, version);
      assert.equal(target?.reach, 'shared-pid-namespace');
      assert.equal(target?.limitBytes, 768 * 1024 * 1024, "the JVM container's limit, not the sidecar's");
      const { body: files, kernel } = one<{ body: FileRow[]; kernel: number }>('files')!;
      assert.match(files[0]!.path, /\/tmp\/spring\.log$/);
      assert.ok(
        Math.abs(files[0]!.residentBytes! - kernel) <= 0.05 * kernel,
        `${files[0]!.residentBytes} resident, fincore says ${kernel}`,
      );
      const ledger = one<{ body: Ledger }>('ledger')!.body;
      assert.ok(Math.abs(ledger.unexplainedBytes) <= ledger.boundBytes, `${ledger.unexplainedBytes} beyond ${ledger.boundBytes}`);
      assert.deepEqual(one<{ code: number }>('exit')!.code, 0, 'memhound ends cleanly on SIGTERM');
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
}
