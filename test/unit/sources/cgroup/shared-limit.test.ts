import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCgroup } from '../../../../src/sources/cgroup/cgroup.ts';
import { MIB } from '../../../../src/units.ts';

const POD = 'kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice';

interface Group {
  readonly anon: number;
  readonly shmem?: number;
  readonly file?: number;
  readonly limit?: number;
}

/** The groups of a node, by path below the tree: MiB of each, with those of its children. */
function tree(t: { after: (f: () => void) => void }, version: 1 | 2, groups: Readonly<Record<string, Group>>): string {
  const root = mkdtempSync(join(tmpdir(), 'memhound-pod-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, { anon, shmem = 0, file = 0, limit }] of Object.entries(groups)) {
    const dir = join(root, path);
    mkdirSync(dir, { recursive: true });
    const bytes = { anon, shmem, file: file + shmem };
    const stat =
      version === 2
        ? Object.entries(bytes).map(([key, mib]) => `${key} ${mib * MIB}`)
        : [`total_rss ${anon * MIB}`, `total_shmem ${shmem * MIB}`, `total_cache ${(file + shmem) * MIB}`];
    const usage = `${(anon + shmem + file) * MIB}\n`;
    const max = limit === undefined ? null : `${limit * MIB}\n`;
    const files =
      version === 2
        ? { 'memory.current': usage, 'memory.max': max ?? 'max\n' }
        : {
            'memory.usage_in_bytes': usage,
            'memory.kmem.usage_in_bytes': '0\n',
            'memory.limit_in_bytes': max ?? '9223372036854771712\n',
          };
    writeFileSync(join(dir, 'memory.stat'), `${stat.join('\n')}\n`);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  }
  return root;
}

function sharedIn(root: string, version: 1 | 2, path: string) {
  const cgroup = openCgroup({ version, path: `/${path}`, dir: join(root, path) });
  const reading = cgroup.read(0);
  cgroup.close();
  assert.ok(reading.state === 'read', JSON.stringify(reading));
  const { values, limitBytes } = reading.value;
  const mib = (bytes: number | undefined) => (bytes === undefined ? null : bytes / MIB);
  return {
    limit: typeof limitBytes === 'number' ? limitBytes / MIB : limitBytes,
    elsewhere: mib(values.held_elsewhere),
    ended: mib(values.held_by_ended),
  };
}

for (const version of [1, 2] as const) {
  test(`cgroup v${version}: of the pod's limit, other containers and the tmpfs of ended ones hold their part`, (t) => {
    const root = tree(t, version, {
      'kubepods.slice': { anon: 9000, limit: 16_000 },
      [`kubepods.slice/${POD}`]: { anon: 500, shmem: 210, file: 300, limit: 1000 },
      [`kubepods.slice/${POD}/app.scope`]: { anon: 400, shmem: 10, file: 100 },
      [`kubepods.slice/${POD}/sidecar.scope`]: { anon: 100, file: 50 },
    });
    const app = sharedIn(root, version, `kubepods.slice/${POD}/app.scope`);
    assert.deepEqual(app, { limit: 1000, elsewhere: 300, ended: 200 });
  });
}

test('a container with a tighter limit of its own shares none', (t) => {
  const root = tree(t, 2, {
    [POD]: { anon: 500, limit: 1000 },
    [`${POD}/app.scope`]: { anon: 400, limit: 600 },
  });
  assert.deepEqual(sharedIn(root, 2, `${POD}/app.scope`), { limit: 600, elsewhere: null, ended: null });
});

test('the limit of all pods of a node is no pod: what is held elsewhere is known, and not whose it is', (t) => {
  const root = tree(t, 2, {
    'kubepods.slice': { anon: 9000, limit: 16_000 },
    [`kubepods.slice/${POD}`]: { anon: 500 },
    [`kubepods.slice/${POD}/app.scope`]: { anon: 400 },
  });
  const app = sharedIn(root, 2, `kubepods.slice/${POD}/app.scope`);
  assert.deepEqual(app, { limit: 16_000, elsewhere: 8600, ended: null });
});
