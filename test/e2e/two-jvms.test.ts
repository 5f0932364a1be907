import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TargetInfo } from '../../src/diagnosis/types.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';
import { MIB } from '../../src/units.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { compile } from '../support/java.ts';
import { dataDir, type Memhound, watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { start } from '../support/process.ts';

/** Names that no other JVM of this machine has. */
const [ORDERS, BILLING] = [`Orders${process.pid}`, `Billing${process.pid}`];

test('two JVMs that restart together with memhound each go on with their own history, though the other one is the bigger now', {
  skip: missingRequirements('javac', 'cgroup'),
  timeout: 180_000,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-two-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const source = join(dir, `${ORDERS}.java`);
  const body = '{ public static void main(String[] a) throws Exception { System.out.println("ready"); System.in.read(); } }';
  writeFileSync(source, `class ${ORDERS} ${body}\nclass ${BILLING} ${body}\n`);
  const classes = await compile(source);
  const data = dataDir();

  /** Runs both JVMs, with heaps that are touched at once, and memhound, until each JVM has a sample. */
  async function withBoth(
    heapMiB: Readonly<Record<string, number>>,
    look: (hound: Memhound, of: (name: string) => TargetInfo) => Promise<void>,
  ) {
    const jvms = await Promise.all(
      [ORDERS, BILLING].map(async (name) => {
        const cgroup = makeCgroup(512 * MIB);
        const heap = [`-Xms${heapMiB[name]}m`, `-Xmx${heapMiB[name]}m`, '-XX:+AlwaysPreTouch', '-XX:+UseSerialGC'];
        const program = start(cgroup.join('java', [...heap, '-cp', classes, name, 'a-secret']));
        await program.line((line) => line === 'ready');
        return { cgroup, program };
      }),
    );
    const hound = await watch(['--every', '1s', '--data', data]);
    try {
      const { body: targets } = await hound.get<TargetInfo[]>('/api/v1/targets');
      await look(hound, (name) => {
        const found = targets.find((target) => target.name === name);
        assert.ok(found, `${name} is among ${targets.map((target) => target.name)}`);
        return found;
      });
    } finally {
      await hound.stop();
      for (const { cgroup, program } of jvms) {
        await program.stop('SIGKILL');
        await cgroup.remove();
      }
    }
  }
  const usage = async (hound: Memhound, { id }: TargetInfo) =>
    (await hound.get<SamplesAnswer>(`/api/v1/samples?fields=usage&target=${id}`)).body.fields.usage!.map((bytes) => bytes! / MIB);
  const folders = () => readdirSync(data).filter((name) => name.endsWith(String(process.pid)));

  await withBoth({ [ORDERS]: 20, [BILLING]: 120 }, async (hound, of) => {
    assert.ok((await usage(hound, of(ORDERS)))[0]! < 100);
    assert.ok((await usage(hound, of(BILLING)))[0]! > 120);
  });
  assert.deepEqual(folders(), [`jvm-billing${process.pid}`, `jvm-orders${process.pid}`]);
  await withBoth({ [ORDERS]: 160, [BILLING]: 20 }, async (hound, of) => {
    const [orders, billing] = [await usage(hound, of(ORDERS)), await usage(hound, of(BILLING))];
    assert.ok(orders[0]! < 100 && orders.at(-1)! > 160, `orders: ${orders}`);
    assert.ok(billing[0]! > 120 && billing.at(-1)! < 100, `billing: ${billing}`);
  });
  assert.deepEqual(folders(), [`jvm-billing${process.pid}`, `jvm-orders${process.pid}`]);
});
