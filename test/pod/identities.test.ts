import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TargetInfo } from '../../src/diagnosis/types.ts';
import { missingRequirements } from '../support/needs.ts';
import { images, Pod, type PodSpec } from './pod.ts';
import { removeEmptyGroups } from './podman.ts';

interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly remediation: string };
}

interface Identity {
  readonly said: string;
  readonly app: Record<string, unknown>;
  readonly hound?: Record<string, unknown>;
  readonly shared?: boolean;
  /** The message of the 503, and the lines that fix it. */
  readonly message: RegExp;
  readonly remediation: RegExp;
}

const WITHOUT_ACCESS: readonly Identity[] = [
  {
    said: 'a JVM as another uid',
    app: { runAsUser: 1001, runAsGroup: 1001 },
    message: /uid 1001, gid 1001 .*memhound runs as 1000:1000/,
    remediation: /runAsUser: 1001\n\s+runAsGroup: 1001/,
  },
  {
    said: 'a JVM of the same uid with another gid',
    app: { runAsUser: 1000, runAsGroup: 1001 },
    message: /uid 1000, gid 1001 .*uid and gid must both be the same/,
    remediation: /runAsUser: 1000\n\s+runAsGroup: 1001/,
  },
  {
    said: 'a root JVM with the default capabilities',
    app: { runAsUser: 0, runAsGroup: 0, runAsNonRoot: false, capabilities: undefined },
    hound: { runAsUser: 0, runAsGroup: 0, runAsNonRoot: false },
    message: /uid 0, gid 0 .*it has capabilities that memhound .* has not/,
    remediation: /drop: \[ALL\]/,
  },
  {
    said: 'a process namespace that is not shared',
    app: {},
    shared: false,
    message: /sees only itself/,
    remediation: /shareProcessNamespace: true/,
  },
];

function podOf(
  { app, hound = {}, shared = true }: Pick<Identity, 'app' | 'hound' | 'shared'>,
  name: string,
  passwd?: string,
): Pod {
  const become = (spec: PodSpec, index: number, context: Record<string, unknown>) => {
    const container = spec.containers[index]!;
    container.securityContext = { ...container.securityContext, ...context };
  };
  return new Pod(name, {
    change: (spec) => {
      spec.shareProcessNamespace = shared;
      become(spec, 0, app);
      become(spec, 1, hound);
      if (passwd === undefined) return;
      // podman would add an entry for the uid to its own file.
      spec.volumes.push({ name: 'passwd', hostPath: { path: passwd, type: 'File' } });
      spec.containers[0]!.volumeMounts.push({ name: 'passwd', mountPath: '/etc/passwd' });
    },
  });
}

describe('identities of app and memhound', {
  skip: missingRequirements('pod', 'cgroup'),
  concurrency: 3,
}, () => {
  before(() => images());
  after(removeEmptyGroups);

  for (const [i, identity] of WITHOUT_ACCESS.entries())
    test(`${identity.said}: the reason and the lines that fix it, never memhound's own memory as the JVM's`, async () => {
      const pod = podOf(identity, `denied${i}`);
      try {
        pod.up();
        // Until the app has started, memhound sees itself alone.
        const { error } = await pod.until<Refusal>(
          '/api/v1/verdict',
          ({ error }, status) => status === 503 && error?.code === 'no-target' && identity.message.test(error.message),
        );
        assert.match(error.message, identity.message);
        assert.match(error.remediation, identity.remediation);
        const ready = await pod.get('/readyz', 8801);
        assert.equal(ready.status, 503);
        const ledger = await pod.get('/api/v1/ledger');
        assert.equal(ledger.status, 503);
      } finally {
        pod.down();
      }
    });

  test('a JVM without an entry in /etc/passwd is watched, and the answer says why the heap is not known', async () => {
    const stranger = { runAsUser: 2000, runAsGroup: 2000 };
    const dir = mkdtempSync(join(tmpdir(), 'memhound-passwd-'));
    const passwd = join(dir, 'passwd');
    writeFileSync(passwd, 'root:x:0:0:root:/root:/bin/sh\n');
    const pod = podOf({ app: stranger, hound: stranger }, 'stranger', passwd);
    try {
      pod.up();
      const verdict = await pod.verdict((v) => v.trend !== 'not-enough-data');
      assert.ok(verdict.headline.length > 0);
      const { body: targets } = await pod.get<TargetInfo[]>('/api/v1/targets');
      assert.equal(targets[0]?.reach, 'shared-pid-namespace');
      const { body } = await pod.get<{ jvm: null; reason: string }>('/api/v1/jvm');
      assert.equal(body.jvm, null);
      assert.match(body.reason, /passwd/);
    } finally {
      pod.down();
      rmSync(dir, { recursive: true });
    }
  });
});
