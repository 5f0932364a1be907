import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FIELDS, fieldsWhere, type SourceName } from '../../../src/fields.ts';
import type { Tick } from '../../../src/sample/sampler.ts';
import { sampleOfTree } from '../../support/sample-of-tree.ts';

const NOW_MS = Date.parse('2026-01-05T10:00:00Z');
const TREES = ['v1-g1', 'v2-g1'];

/** Sources that give fields, in the table's order, without those that a test breaks. */
const sourcesBut = (...broken: SourceName[]): string[] =>
  [...new Set(FIELDS.map(({ source }) => source))].filter((source) => !broken.includes(source));

/** Which sources gave values. */
const sourcesIn = ({ sample }: Tick): string[] => [
  ...new Set(FIELDS.flatMap(({ id, source }) => (sample.values[id] === undefined ? [] : [source]))),
];

for (const name of TREES) {
  test(`${name}: cgroup, process and JVM give their fields, and nothing fails`, async (t) => {
    const { sampler, process, target } = await sampleOfTree(t, name);
    const { sample, alive } = sampler.tick(NOW_MS);
    assert.equal(alive, true);
    assert.deepEqual(sample.failures, []);
    const status = readFileSync(`test/fixtures/trees/${name}/proc/${process.pid}/status`, 'utf8');
    const inStatus = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    assert.equal(sample.values.rss, inStatus('VmRSS') * 1024);
    assert.equal(sample.values.threads, inStatus('Threads'));
    const usage = readFileSync(
      join(target.cgroup.dir, target.cgroup.version === 1 ? 'memory.usage_in_bytes' : 'memory.current'),
      'utf8',
    );
    assert.equal(sample.values.usage, Number(usage));
    assert.equal(sample.limitBytes, 768 * 2 ** 20);
    assert.ok(sample.values.heap_used! > 0 && sample.values.heap_used! <= sample.values.heap_committed!);
    const missing = fieldsWhere(({ source }) => source !== 'cgroup').filter((id) => sample.values[id] === undefined);
    assert.deepEqual(missing, [], 'every field of the process and of a G1 JVM has a value');
  });

  test(`${name}: a /proc/PID/status that cannot be read costs the fields of the process alone, and says so`, async (t) => {
    const { sampler, breakFile } = await sampleOfTree(t, name);
    breakFile('status');
    const tick = sampler.tick(NOW_MS);
    assert.deepEqual(sourcesIn(tick), sourcesBut('procfs'));
    assert.equal(tick.alive, true, 'that it cannot be read does not say that it has ended');
    assert.deepEqual(
      tick.sample.failures.map(({ source }) => source),
      ['procfs'],
    );
    assert.match(tick.sample.failures[0]!.error, /status: EISDIR/);
  });

  test(`${name}: a /proc/PID/stat that cannot be read leaves the fields of the cgroup`, async (t) => {
    const { sampler, breakFile } = await sampleOfTree(t, name);
    breakFile('stat');
    const tick = sampler.tick(NOW_MS);
    assert.deepEqual(sourcesIn(tick), sourcesBut('procfs', 'hsperfdata'));
    assert.deepEqual(
      tick.sample.failures.map(({ source }) => source),
      ['procfs', 'hsperfdata'],
    );
  });

  test(`${name}: a memory.stat that is empty, or no text of the kernel, costs the fields of the cgroup alone`, async (t) => {
    for (const [text, error] of [
      ['', /memory\.stat: expected "key number" lines, found none/],
      ['no kernel wrote this\n', /memory\.stat line 1: expected "key number", found "no kernel wrote this"/],
      [null, /expected a regular file, found something else/],
    ] as const) {
      const { sampler, write, breakFile, target } = await sampleOfTree(t, name);
      const stat = join(target.cgroup.dir, 'memory.stat');
      if (text === null) breakFile(stat);
      else write(stat, text);
      const tick = sampler.tick(NOW_MS);
      assert.deepEqual(sourcesIn(tick), sourcesBut('cgroup'));
      assert.deepEqual(
        tick.sample.failures.map(({ source }) => source),
        ['cgroup'],
      );
      assert.match(tick.sample.failures[0]!.error, error);
    }
  });

  test(`${name}: hsperfdata that is no such file costs the fields of the JVM alone`, async (t) => {
    const { sampler, write, process } = await sampleOfTree(t, name);
    write(`root/tmp/hsperfdata_app/${process.nspid}`, Buffer.alloc(4096));
    const tick = sampler.tick(NOW_MS);
    assert.deepEqual(sourcesIn(tick), sourcesBut('hsperfdata'));
    assert.deepEqual(
      tick.sample.failures.map(({ source }) => source),
      ['hsperfdata'],
    );
  });

  test(`${name}: a process that has ended is no failure, and has no values`, async (t) => {
    const { sampler, write, process } = await sampleOfTree(t, name);
    const stat = readFileSync(`test/fixtures/trees/${name}/proc/${process.pid}/stat`, 'utf8');
    write('stat', stat.replace(` ${process.startTicks} `, ` ${process.startTicks + 1} `));
    const tick = sampler.tick(NOW_MS);
    assert.equal(tick.alive, false, 'another process has its pid');
    assert.deepEqual(sourcesIn(tick), sourcesBut('procfs', 'hsperfdata'));
    assert.deepEqual(tick.sample.failures, []);
  });
}

test('where a JVM has no counters --attach is named as another way, but not for one that does not answer it', async (t) => {
  for (const [evidence, named] of [
    ['libjvm', true],
    ['native-image', false],
    ['openj9', false],
  ] as const) {
    const { sampler, process, target, breakFile } = await sampleOfTree(t, 'v2-g1', (found) => ({ ...found, jvm: { evidence } }));
    const counters = `root/tmp/hsperfdata_app/${process.nspid}`;
    breakFile(counters);
    const { jvm } = sampler.tick(NOW_MS);
    assert.equal(target.jvm?.evidence, evidence);
    assert.equal(/--attach/.test(jvm.state === 'absent' ? jvm.reason : ''), named, JSON.stringify(jvm));
  }
});

test('a JVM whose counters are hidden has the -Xmx of its arguments', async (t) => {
  const { sampler, write } = await sampleOfTree(t, 'v1-g1', (target) => ({
    ...target,
    process: target.process && { ...target.process, nspid: 4711 },
  }));
  write('cmdline', 'java\0-Xmx600m\0-jar\0/app/orders.jar\0');
  const { sample, jvm } = sampler.tick(NOW_MS);
  assert.equal(jvm.state, 'absent');
  assert.equal(sample.heapMaxBytes, 600 * 2 ** 20);
});
