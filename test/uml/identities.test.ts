import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runGuest } from '../support/guest.ts';
import { compile } from '../support/java.ts';
import { copyMemhound } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';

interface GuestLine {
  readonly name: string;
  readonly javaPid: number;
  readonly status: number;
  readonly stderr: string;
  readonly said: {
    readonly error?: { readonly code: string; readonly message: string; readonly remediation: string };
    readonly target?: { readonly reach: string; readonly limitBytes: number };
    readonly ledger?: { readonly totalBytes: number };
  };
}

test('on cgroup v2, with a cgroup namespace per container, memhound says which processes it may read and how to fix it, and finds the cgroup of a pod by its uid', {
  skip: missingRequirements('guest', 'javac', 'setpriv'),
  timeout: 500_000,
}, async () => {
  const out = mkdtempSync(join(tmpdir(), 'memhound-uml-ids-'));
  try {
    chmodSync(out, 0o755);
    mkdirSync(join(out, 'classes'));
    copyFileSync(join(await compile('demo/SpringLog.java'), 'SpringLog.class'), join(out, 'classes', 'SpringLog.class'));
    copyMemhound(out);
    const guest = ['-t', '400', '-c', 'v2', '-o', out, process.execPath, 'test/uml/identities.mjs'];
    const { code, stdout, stderr } = await runGuest(guest, { env: { POD_MAX: '1G', APP_MAX: 'max' } });
    assert.equal(code, 0, `the guest's script failed:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
    const byName = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as GuestLine)
        .map((t) => [t.name, t]),
    );

    for (const name of ['same', 'no-passwd-entry']) {
      const { said, stderr: why } = byName.get(name)!;
      assert.equal(said.target?.reach, 'shared-pid-namespace', `${name}: ${JSON.stringify(said)} ${why}`);
    }
    const assertNoTarget = (name: string, message: RegExp, remediation: RegExp) => {
      const { said, status } = byName.get(name)!;
      assert.equal(said.error?.code, 'no-target', `${name}: ${JSON.stringify(said)}`);
      assert.match(said.error.message, message);
      assert.match(said.error.remediation, remediation);
      assert.notEqual(status, 0);
    };
    assertNoTarget('other-uid', /uid 1001, gid 1001 .*runs as 1000:1000/, /runAsUser: 1001\n\s+runAsGroup: 1001/);
    assertNoTarget('other-gid', /uid 1000, gid 1001 /, /runAsUser: 1000\n\s+runAsGroup: 1001/);
    assertNoTarget('root-with-capabilities', /capabilities that memhound .* has not/, /drop: \[ALL\]/);
    const { said: pod, stderr: why } = byName.get('host-path')!;
    assert.equal(pod.target?.reach, 'explicit', why);
    assert.equal(pod.target.limitBytes, 2 ** 30, "the pod's own limit");
    assert.ok(pod.ledger!.totalBytes > 20e6, `${pod.ledger?.totalBytes} bytes in the pod's group`);
    for (const name of ['on-the-node', 'node-tree-mounted']) {
      const { said, stderr: why } = byName.get(name)!;
      assert.equal(said.target?.reach, 'shared-pid-namespace', `${name}: ${JSON.stringify(said)} ${why}`);
      assert.equal(said.target.limitBytes, 2 ** 30, `${name}: the pod's limit, which the container's namespace does not show`);
    }
    const other = byName.get('host-path-other-pod')!;
    assert.notEqual(other.status, 0);
    assert.match(`${other.stderr}${JSON.stringify(other.said)}`, /--pod-uid 1f1e2d3c.* there is none/);

    assertNoTarget('not-shared', /sees only itself/, /shareProcessNamespace: true/);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
