import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCgroupV2 } from '../../src/sources/cgroup/cgroup-v2.ts';
import { parseHsperfdata, toJvmReading } from '../../src/sources/jvm/hsperfdata.ts';
import { syntheticHsperfdata } from '../support/made-hsperf.ts';
import { dataDir, MEMHOUND } from '../support/memhound.ts';
import { run } from '../support/process.ts';

const matrix = (...result: unknown[]) => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
const line = (more: object) => JSON.stringify({ t: 1, files: { 'memory.current': '1\n', 'memory.stat': 'anon 1\n' }, ...more });

test('input of the wrong shape ends with code 2 and a sentence that names the place', { timeout: 120_000 }, async () => {
  const dir = dataDir();
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['null-row.json', matrix(null), /data\.result\[0\] must be \{metric, values\}, found null/],
    [
      'no-pair.json',
      matrix({ metric: { __name__: 'container_memory_rss' }, values: [5] }),
      /data\.result\[0\]\.values\[0\]: must be \[time, "value"\]/,
    ],
    [
      'texts.jsonl',
      `${line({ files: { 'memory.current': 5, 'memory.stat': 'anon 1' } })}\n`,
      /line 1: files must be an object of texts/,
    ],
    ['rows.jsonl', `${line({ openFiles: [{ path: 7 }] })}\n`, /line 1: openFiles must be rows as memhound capture writes them/],
    ['proto.json', '{"t":[1,2],"fields":{"__proto__":[1,2]}}', /must be the name of a field, found "__proto__"/],
    ['negative.json', '{"t":[1,2],"fields":{"usage":[1,-2]}}', /fields\.usage\[1\] must be a number of at least 0/],
    ['huge.json', '{"t":[1,2],"fields":{"usage":[1,1e300]}}', /fields\.usage\[1\] must be a number that is possible/],
  ];
  for (const [name, text] of cases) writeFileSync(join(dir, name), text);
  const { code, stderr } = await run(process.execPath, [MEMHOUND, 'analyze', ...cases.map(([name]) => join(dir, name))]);
  assert.equal(code, 2, stderr);
  for (const [name, , sentence] of cases) {
    const said = stderr.split('\n').find((l) => l.includes(name)) ?? '';
    assert.match(said, sentence, name);
    assert.doesNotMatch(said, /\.mjs:|Error:/, `${name}: no stack`);
  }
});

test('a manifest with an alias that leads nowhere, or to gigabytes, ends with code 2 and a sentence', {
  timeout: 60_000,
}, async () => {
  const level = (n: number): string =>
    n === 0
      ? 'a0: &a0 [x, x]\n'
      : `a${n}: &a${n} [${Array(10)
          .fill(`*a${n - 1}`)
          .join(', ')}]\n`;
  const bomb = Array.from({ length: 10 }, (_, n) => level(n)).join('');
  for (const source of [
    'kind: Pod\nmetadata: {name: a}\nspec: *nowhere\n',
    `kind: Pod\nmetadata: {name: a}\n${bomb}spec: {containers: *a9}\n`,
  ]) {
    const { code, stderr } = await run(process.execPath, [MEMHOUND, 'inject'], { input: source });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /alias/);
    assert.doesNotMatch(stderr, /ReferenceError/);
  }
  // A pattern went back from each of the dashes: minutes.
  const { code } = await run(process.execPath, [MEMHOUND, 'inject'], { input: `kind: Pod\nspec:\n${'-'.repeat(200_000)}\n` });
  assert.equal(code, 2);
});

test('a pipe is read to its end like a file', { timeout: 60_000 }, () => {
  const series = JSON.stringify({ t: Array.from({ length: 200 }, (_, i) => i * 10), fields: { usage: Array(200).fill(4096) } });
  const printed = execFileSync('bash', ['-c', `"$0" "$1" analyze <(printf %s "$2")`, process.execPath, MEMHOUND, series], {
    encoding: 'utf8',
  });
  assert.match(printed, /\w/);
});

test('what a container says of itself is possible, or it is not there', () => {
  const bytes = syntheticHsperfdata({
    'sun.gc.metaspace.used': -5,
    'sun.gc.generation.0.capacity': 2 ** 62,
    'java.property.java.version': 'v'.repeat(3_900_000),
    'java.threads.live': 7,
  });
  const parsed = parseHsperfdata(bytes);
  assert.equal(parsed.state, 'read');
  const jvm = toJvmReading(parsed.state === 'read' ? parsed.counters : { get: () => undefined }, { atMs: 0, previous: null });
  assert.equal(jvm.metaspace, null);
  assert.deepEqual(jvm.generations, []);
  assert.ok((jvm.version ?? '').length <= 201, `${jvm.version?.length}`);
  assert.equal(jvm.threads?.live, 7);
  for (const stat of ['constructor 5', '__proto__ 5', 'anon -5', 'anon NaN', 'anon 4611686018427387904', 'anon 0x10', 'anon  5'])
    assert.throws(
      () => parseCgroupV2({ 'memory.current': '1\n', 'memory.stat': `file 1\n${stat}\n` }),
      /memory\.stat line 2/,
      stat,
    );
  const { values, limitBytes, problems } = parseCgroupV2({
    ...{ 'memory.current': '1\n', 'memory.stat': 'anon 7\n' },
    ...{ 'memory.max': '-5', 'memory.events': 'oom_kill x\n', 'memory.swap.current': '3\n' },
  });
  assert.deepEqual([values.anon, values.swap, values.oom_kill, limitBytes], [7, 3, undefined, null]);
  assert.deepEqual(
    problems.map(({ file }) => file),
    ['memory.events', 'memory.max'],
  );
  assert.match(problems[1]!.error, /memory\.max.*"-5"/);
});

test('a device, a pipe or a file without an end in place of an input ends with a sentence, before it fills the memory', {
  timeout: 120_000,
}, async () => {
  const dir = dataDir();
  const [fifo, hole] = [join(dir, 'fifo'), join(dir, 'hole')];
  execFileSync('mkfifo', [fifo]);
  writeFileSync(hole, '');
  truncateSync(hole, 2 ** 36);
  const fleet = ['fleet', '--prometheus', 'http://127.0.0.1:9'];
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['analyze', hole], /is longer than 1073741824 bytes/],
    [['inject', hole], /expected at most 16 MiB, found more/],
    [['inject', '/dev/zero'], /expected at most 16 MiB, found more/],
    [['inject', '-'], /expected at most 16 MiB, found more/],
    [['inject', '--image-config', '/dev/zero', 'k8s/example.yaml'], /expected at most 16 MiB, found more/],
    [[...fleet, '--ca-file', '/dev/zero'], /expected a file of at most 1 MiB with PEM, found more/],
    [[...fleet, '--header-file', '/proc/self/pagemap'], /expected a file of at most 1 MiB with headers, found more/],
    [[...fleet, '--basic-auth-file', '/dev/zero'], /expected a file of at most 1 MiB with USER:PASSWORD, found more/],
    [[...fleet, '--bearer-token-file', '/dev/zero'], /expected a file of at most 64 KiB with a bearer token/],
    [[...fleet, '--resume', '/dev/zero'], /expected a file of memhound fleet, found a pipe or a device/],
    [[...fleet, '--resume', fifo], /expected a file of memhound fleet, found a pipe or a device/],
    [[...fleet, '--resume', hole], /expected a file of memhound fleet, found a line of more than 64 MiB/],
    [['watch', '--token-file', fifo], /expected a file of at most 64 KiB with a bearer token/],
    [['watch', '--data', '/dev/zero'], /expected a folder, found a file/],
  ];
  for (const [args, sentence] of cases) {
    // What has no end is bounded by the kernel, too, so that a failure of this test does no harm.
    const limited = ['-c', 'ulimit -v 8000000; exec "$@" < /dev/zero', 'sh', process.execPath, MEMHOUND, ...args];
    const { code, stderr } = await run('sh', limited);
    // As for rows that belong to another question.
    assert.equal(code, args.includes('--resume') ? 1 : 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /\.mjs:| {4}at /, `${args.join(' ')}: no stack`);
  }
});
