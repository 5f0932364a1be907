import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MadeJvm } from '../../support/made-tree.ts';
import { WatchedPod } from '../../support/watched-pod.ts';

const orders = { pid: 10, startTicks: 100, rssMiB: 200, group: 'orders-1', container: 'orders' } satisfies MadeJvm;
const billing = { pid: 20, startTicks: 110, rssMiB: 300, group: 'billing-1', container: 'billing' } satisfies MadeJvm;

const restarted = (jvm: MadeJvm, pid: number, rssMiB: number): MadeJvm => ({
  ...jvm,
  pid,
  startTicks: jvm.startTicks + 1000 + pid,
  group: `${jvm.group}-again`,
  rssMiB,
});

function defaultPid(pod: WatchedPod): number | null {
  const { target } = pod.status.verdict();
  return 'pid' in target ? target.pid : null;
}

test('two JVM containers that both restart between two searches keep their histories, even if the other one is now the bigger', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run(orders);
  pod.tree.run(billing);
  await pod.start();
  pod.tree.end(10);
  pod.tree.end(20);
  pod.tree.run(restarted(billing, 31, 301));
  pod.tree.run(restarted(orders, 32, 401));
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories(), { 32: [200, 401], 31: [300, 301] });
  assert.deepEqual(
    pod.messages.flatMap((m) => (m.type === 'restart' ? [m.reason] : [])),
    ['the container was restarted', 'the container was restarted'],
  );
});

test('another program in the cgroup of one that ended is a restart of the container, and its history continues', async (t) => {
  const pod = new WatchedPod(t);
  const first = { ...orders, container: undefined, command: 'com.example.Orders' };
  pod.tree.run(first);
  await pod.start();
  pod.tree.end(10);
  pod.tree.run({ ...first, pid: 33, startTicks: 900, rssMiB: 250, command: 'com.example.Replay' });
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories(), { 33: [200, 250] });
  assert.equal(pod.messages.filter((m) => m.type === 'restart').length, 1);
});

test('a JVM that another one starts for each piece of work is no news when it comes again; one that had run for long is, and its container runs on', async (t) => {
  const pod = new WatchedPod(t);
  const converter = {
    ...billing,
    group: orders.group,
    container: orders.container,
    rssMiB: 100,
    command: 'com.example.Converter',
  };
  const news = () => pod.messages.flatMap((m) => (m.type === 'restart' ? [m.reason] : []));
  const startAgain = async (from: number, to: number) => {
    pod.tree.end(from);
    pod.tree.run({ ...converter, pid: to, startTicks: 1000 + to });
    await pod.tick();
    await pod.tick();
  };
  pod.tree.run({ ...orders, command: 'com.example.Orders' });
  pod.tree.run(converter);
  await pod.start();
  await startAgain(20, 21);
  await startAgain(21, 22);
  assert.deepEqual(news(), []);
  assert.deepEqual((await pod.histories('rss'))[22]?.at(-1), 100, 'its history goes on');
  for (let minute = 0; minute < 10; minute++) await pod.tick();
  await startAgain(22, 23);
  assert.deepEqual(news(), ['com.example.Converter was started again; its container runs on']);
});

test('the same holds if only the main class distinguishes the containers', async (t) => {
  const pod = new WatchedPod(t);
  const [a, b] = [
    { ...orders, container: undefined, command: 'com.example.Orders --token secret' },
    { ...billing, container: undefined, command: '/app/billing-1.4.2.jar' },
  ];
  pod.tree.run(a);
  pod.tree.run(b);
  await pod.start();
  assert.deepEqual(
    pod.status.targets().map(({ name }) => name),
    ['com.example.Orders', 'billing.jar'],
  );
  pod.tree.end(10);
  pod.tree.end(20);
  pod.tree.run({ ...restarted(b, 31, 301), command: '/app/billing-1.5.0.jar' });
  pod.tree.run(restarted(a, 32, 401));
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories(), { 32: [200, 401], 31: [300, 301] });
  assert.deepEqual(pod.folders(), ['jvm-billing-jar', 'jvm-com-example-orders']);
});

test('a restarted memhound finds the folder of each container by its name, whatever their sizes', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run(orders);
  pod.tree.run(billing);
  await pod.start();
  assert.deepEqual(pod.folders(), ['jvm-billing', 'jvm-orders']);
  await pod.stop();
  pod.tree.run({ ...orders, rssMiB: 800 });
  await pod.start();
  assert.deepEqual(await pod.histories(), { 10: [200, 800], 20: [300] });
  assert.deepEqual(
    pod.messages.filter((m) => m.type === 'restart'),
    [],
  );

  await pod.stop();
  pod.tree.end(10);
  pod.tree.end(20);
  pod.tree.run(restarted(billing, 31, 301));
  pod.tree.run(restarted(orders, 32, 401));
  await pod.start();
  assert.deepEqual(
    await pod.histories(),
    { 32: [200, 800, 401], 31: [300, 301] },
    'also where the containers restarted meanwhile',
  );
  assert.deepEqual(pod.folders(), ['jvm-billing', 'jvm-orders']);
});

test('of two containers with the same program, the one that keeps running keeps its history when the other restarts', async (t) => {
  const pod = new WatchedPod(t);
  const same = { container: undefined, command: 'com.example.Worker' };
  pod.tree.run({ ...orders, ...same });
  pod.tree.run({ ...billing, ...same });
  await pod.start();
  assert.deepEqual(pod.folders(), ['jvm-com-example-worker', 'jvm-com-example-worker-2']);
  pod.tree.end(10);
  pod.tree.run({ ...restarted(orders, 31, 901), ...same });
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories(), { 31: [200, 901], 20: [300] });

  await pod.stop();
  pod.tree.run({ ...billing, ...same, rssMiB: 999 });
  await pod.start();
  assert.deepEqual(await pod.histories(), { 31: [200, 901], 20: [300, 999] }, 'and a new memhound knows each by its process');
});

test('of two JVMs in one cgroup each is a target, and the same one answers by default while it runs, whichever is the bigger', async (t) => {
  const pod = new WatchedPod(t);
  const [first, second] = [
    { ...orders, command: 'com.example.Orders' },
    { ...billing, group: orders.group, container: orders.container, rssMiB: 100, command: 'com.example.Agent -key secret' },
  ];
  pod.tree.run(first);
  pod.tree.run(second);
  await pod.start();
  const seen = () => pod.status.targets().map(({ pid, name, otherJvms }) => ({ pid, name, otherJvms }));
  const expected = [
    { pid: 10, name: 'orders', otherJvms: [{ pid: 20, name: 'com.example.Agent' }] },
    { pid: 20, name: 'com.example.Agent', otherJvms: [{ pid: 10, name: 'com.example.Orders' }] },
  ];
  const byPid = () => seen().sort((a, b) => a.pid! - b.pid!);
  const ids = () =>
    pod.status
      .targets()
      .map(({ id }) => id)
      .sort();
  const idsAtFirst = ids();
  assert.deepEqual(byPid(), expected);
  pod.tree.run({ ...second, rssMiB: 900 });
  await pod.tick();
  await pod.tick();
  assert.deepEqual(byPid(), expected, 'though the other one has become the bigger');
  assert.equal(defaultPid(pod), 10);
  await pod.stop();
  await pod.start();
  assert.deepEqual(byPid(), expected, 'also for a memhound that is started again');
  assert.deepEqual(ids(), idsAtFirst);
  assert.deepEqual(
    pod.messages.filter((m) => m.type === 'restart'),
    [],
  );
  assert.deepEqual(await pod.histories('rss'), { 10: [200], 20: [100, 900] });

  pod.tree.end(10);
  await pod.tick();
  await pod.tick();
  assert.deepEqual(seen(), [{ pid: 20, name: 'com.example.Agent', otherJvms: [] }], 'until it ends');
  assert.equal(defaultPid(pod), 20);
});

test('two JVMs of one container that restart together go on with the history of their main class, though the sizes have changed', async (t) => {
  const pod = new WatchedPod(t);
  const agent = { ...billing, group: orders.group, container: orders.container, command: 'com.example.Agent' };
  const main = { ...orders, command: 'com.example.Orders' };
  pod.tree.run(main);
  pod.tree.run({ ...agent, rssMiB: 100 });
  await pod.start();
  pod.tree.end(10);
  pod.tree.end(20);
  const group = 'orders-again';
  pod.tree.run({ ...main, pid: 32, startTicks: 2000, group, rssMiB: 90 });
  pod.tree.run({ ...agent, pid: 31, startTicks: 2010, group, rssMiB: 700 });
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories('rss'), { 32: [200, 90], 31: [100, 700] });

  pod.tree.end(32);
  await pod.tick();
  pod.tree.run({ ...main, pid: 41, startTicks: 3000, group, rssMiB: 91 });
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories('rss'), { 41: [200, 90, 91], 31: [100, 700] }, 'also if one restarts alone');
  assert.deepEqual(pod.folders(), ['jvm-com-example-agent', 'jvm-orders']);
});

test('the default target does not change while its process runs', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run(orders);
  pod.tree.run(billing);
  await pod.start();
  const answered = () => pod.status.verdict().target.id;
  const before = answered();
  pod.tree.run({ ...orders, rssMiB: 900 });
  await pod.tick();
  assert.equal(answered(), before);
});

test('a shell in a container that restarts does not take the history of its JVM', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run({ pid: 1, startTicks: 1, rssMiB: 1, group: 'pause', process: 'pause' });
  pod.tree.run(orders);
  await pod.start();
  pod.tree.end(10);
  const shell = { ...restarted(orders, 31, 2), process: 'sh' };
  pod.tree.run(shell);
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories(), { 31: [2] });
  pod.tree.run({ ...shell, process: 'java', rssMiB: 210 });
  await pod.tick();
  await pod.tick();
  assert.deepEqual(await pod.histories(), { 31: [200, 210] });
  assert.equal(pod.status.targets().length, 1);
});

test('a folder of version 0.1 is used if only one target can own it, and not if several can', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run(orders);
  await pod.start();
  await pod.stop();
  asVersion01(pod, 'jvm-orders', 'jvm');
  pod.tree.end(10);
  const again = restarted(orders, 31, 250);
  pod.tree.run(again);
  await pod.start();
  assert.deepEqual(await pod.histories(), { 31: [200, 250] });
  assert.deepEqual(pod.folders(), ['jvm-orders']);
  assert.match(pod.logged.join('\n'), /version 0.1 contains the history of this target {"folder":"jvm","renamed":"jvm-orders"}/);
  assert.doesNotMatch(pod.logged.join('\n'), /cannot be stored/, 'nothing is read under the old name');

  await pod.stop();
  asVersion01(pod, 'jvm-orders', 'jvm');
  pod.tree.run(billing);
  await pod.start();
  assert.deepEqual(await pod.histories(), { 31: [200, 250], 20: [300] }, 'by the process that still runs');

  await pod.stop();
  asVersion01(pod, 'jvm-orders', 'jvm');
  asVersion01(pod, 'jvm-billing', 'jvm-2');
  pod.tree.end(31);
  pod.tree.end(20);
  pod.tree.run(restarted(orders, 41, 260));
  pod.tree.run(restarted(billing, 42, 360));
  await pod.start();
  assert.deepEqual(await pod.histories(), { 41: [260], 42: [360] });
  assert.deepEqual(pod.folders(), ['jvm', 'jvm-2', 'jvm-billing', 'jvm-orders']);
  assert.match(pod.logged.join('\n'), /may belong to several targets.*{"folders":\["jvm","jvm-2"\]}/);
});

/** Version 0.1 named folders by kind and wrote no owner. */
function asVersion01(pod: WatchedPod, from: string, to: string): void {
  mkdirSync(pod.dir, { recursive: true });
  renameSync(join(pod.dir, from), join(pod.dir, to));
  rmSync(join(pod.dir, to, 'target.json'));
}

test("the history of memhound's own cgroup goes on after a restart, even if another process is now the biggest", async (t) => {
  const pod = new WatchedPod(t);
  const beside = { startTicks: 90, group: 'shared' };
  pod.tree.run({ ...beside, pid: 5, rssMiB: 10, process: 'memhound' });
  pod.tree.run({ ...beside, pid: 6, rssMiB: 300, process: 'worker' });
  await pod.start({ own: true, selfPid: 5 });
  const [first] = pod.folders();
  await pod.stop();
  pod.tree.end(6);
  pod.tree.run({ ...beside, pid: 7, startTicks: 200, rssMiB: 400, process: 'browser' });
  await pod.start({ own: true, selfPid: 5 });
  assert.deepEqual(pod.folders(), [first]);
  assert.deepEqual(await pod.histories('rss'), { 7: [300, 400] });
});
