import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseConfig } from '../../src/config/watch-config.ts';
import { nameGroup } from '../../src/culprit/name-group.ts';
import { QUESTIONS } from '../../src/culprit/questions.ts';
import type { LookCause } from '../../src/culprit/types.ts';
import { coarsen } from '../../src/history/coarsen.ts';
import { History } from '../../src/history/history.ts';
import { parseEvent } from '../../src/history/parse-event.ts';
import { parseReadings } from '../../src/history/parse-readings.ts';
import { parseSegment, SegmentError } from '../../src/history/segment.ts';
import { restoreRows } from '../../src/history/store/segment-rows.ts';
import { parsePrometheus } from '../../src/inputs/prometheus-json.ts';
import { parseRecording } from '../../src/inputs/recording.ts';
import { InputError, parseSeries } from '../../src/inputs/series-file.ts';
import { JfrError } from '../../src/jfr/jfr-bytes.ts';
import { readImageConfig } from '../../src/manifest/image-config.ts';
import { inject, NO_OPTIONS } from '../../src/manifest/inject.ts';
import { quantity } from '../../src/manifest/quantity.ts';
import { ManifestError } from '../../src/manifest/yaml-text.ts';
import { parseSendQueues } from '../../src/outlets/send-queues.ts';
import { parseCgroupV1 } from '../../src/sources/cgroup/cgroup-v1.ts';
import { parseCgroupV2 } from '../../src/sources/cgroup/cgroup-v2.ts';
import { ParseError } from '../../src/sources/cgroup/flat-keyed.ts';
import { parseCgroupMounts, parseProcCgroup } from '../../src/sources/cgroup/mountinfo.ts';
import { parseFincore } from '../../src/sources/files/fincore.ts';
import { parseResidency } from '../../src/sources/files/residency-text.ts';
import { decodeReply } from '../../src/sources/jvm/attach-protocol.ts';
import { parseHistogram } from '../../src/sources/jvm/class-histogram.ts';
import { parseHsperfdata, toJvmReading } from '../../src/sources/jvm/hsperfdata.ts';
import { parseCodeCache, parseHeapInfo, parseMetaspace, parseNativeMemory } from '../../src/sources/jvm/jcmd-output.ts';
import { memoryFlags } from '../../src/sources/jvm/jvm-flags.ts';
import { mainClassOfArguments } from '../../src/sources/jvm/main-class.ts';
import { parseMappedFiles } from '../../src/sources/mappings/mapped-files.ts';
import { parseSmaps } from '../../src/sources/mappings/smaps-format.ts';
import { parseStat, parseStatus } from '../../src/sources/process/procfs.ts';
import { parseMounts } from '../../src/sources/process/remote-mounts.ts';
import { parseInstance } from '../../src/sources/target/target-identity.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { assertPossible, fuzz, isJson, json, near, oddKey, oddNumber, oddOrPlain, RUNS, SEED } from '../support/fuzz.ts';
import { readEvents } from '../support/jfr-events.ts';
import { madeChunk, utf8 } from '../support/made-jfr.ts';

const STAT = 'anon 4096\nfile 8192\nkernel 100\ninactive_file 10\nslab 5\npgfault 12\n';
/** Lines that the kernel could write, so that what is done with their values is tried as well. */
const plain = fc
  .array(fc.tuple(fc.constantFrom('anon', 'file', 'kernel', 'slab', 'total_cache', 'total_rss', 'new_key'), fc.nat()), {
    minLength: 1,
  })
  .map((rows) => rows.map((row) => row.join(' ')).join('\n'));
const flat = fc.oneof(
  { weight: 3, arbitrary: plain },
  near(STAT),
  fc.array(fc.tuple(oddKey, oddNumber)).map((rows) => rows.map((row) => row.join(' ')).join('\n')),
);
fuzz(
  'a cgroup v2',
  fc.tuple(flat, oddOrPlain, oddOrPlain, flat),
  ([stat, current, max, events]) =>
    parseCgroupV2({ 'memory.stat': stat, 'memory.current': current, 'memory.max': max, 'memory.events': events }),
  ParseError,
);
fuzz(
  'a cgroup v1',
  fc.tuple(flat, oddOrPlain, oddOrPlain, flat),
  ([stat, usage, limit, oom]) =>
    parseCgroupV1({
      'memory.stat': stat,
      'memory.usage_in_bytes': usage,
      'memory.limit_in_bytes': limit,
      'memory.oom_control': oom,
    }),
  ParseError,
);

const STATUS = readFileSync('/proc/self/status', 'utf8');
fuzz('status', near(STATUS), (text) => {
  const { vmRssBytes, rssAnonBytes, threads } = parseStatus(text);
  return { vmRssBytes, rssAnonBytes, threads };
});
const smaps = gunzipSync(readFileSync('test/fixtures/smaps/g1.txt.gz')).toString('latin1').slice(0, 4000);
fuzz('smaps', near(smaps), (text) =>
  parseSmaps(text).map(({ rssBytes, pssBytes, anonBytes }) => ({ rssBytes, pssBytes, anonBytes })),
);
fuzz('maps', near(readFileSync('/proc/self/maps', 'latin1').slice(0, 3000)), (text) =>
  parseMappedFiles(text).map(({ mappedBytes }) => mappedBytes),
);
fuzz('mountinfo', near('38 37 0:24 /a /sys/fs/cgroup ro,relatime - cgroup2 none rw\n'), parseCgroupMounts);
fuzz('/proc/PID/cgroup', near('0::/kubepods/a\n4:memory:/b\n'), parseProcCgroup);
const MOUNTS = '38 37 0:24 / / rw - overlay none rw\n39 38 0:25 / /a\\040b rw,relatime shared:1 - fuse.gcsfuse none rw\n';
fuzz('the mounts of a process', fc.tuple(near(MOUNTS), oddKey), ([text, path]) => {
  const mounts = parseMounts(text);
  return { remote: mounts.isRemotePath(`/${path}`), id: mounts.isRemoteId(39), remoteMounts: mounts.remote.length };
});
const TCP = '   1: 0100007F:2260 0100007F:C001 01 0001BC00:00000000 01:00000019 00000000 0 0 6 2\n';
fuzz('the TCP table of the kernel', near(TCP), (text) => [...parseSendQueues(text, 8800).values()]);
fuzz('stat', near(readFileSync('/proc/self/stat', 'utf8')), parseStat);
fuzz('the residency of a recording', fc.oneof(fc.string(), near('unknown: not permitted')), parseResidency);
fuzz('the name of an instance', near('/kubepods/a|12:345'), parseInstance);
const argument = fc.oneof(
  oddKey,
  oddNumber,
  fc.constantFrom('--every', '--port', '--data', '--max-disk', '--keep', '--pid', '--host', '--own', '--', '-h'),
  fc.tuple(fc.constantFrom('--every=', '--port=', '--max-disk=', '--keep=', '--pid='), oddNumber).map((parts) => parts.join('')),
);
fuzz(
  'a command line',
  fc.tuple(
    fc.array(argument, { maxLength: 6 }),
    fc.dictionary(fc.constantFrom('MEMHOUND_EVERY', 'MEMHOUND_PORT', 'MEMHOUND_KEEP'), oddNumber),
  ),
  ([argv, env]) => {
    const parsed = parseConfig(argv, { ...env });
    for (const problem of parsed.state === 'bad' ? parsed.problems : []) assert.ok(problem.length < 1000, problem);
    return parsed.state === 'ok' ? { ...parsed.config } : null;
  },
);
fuzz(
  'the config of an image',
  fc.oneof(
    json.map((value) => JSON.stringify(value)),
    near('[{"RepoTags":["shop:1"],"RepoDigests":null,"Config":{"User":"1000"}}]'),
  ),
  (text) => readImageConfig(text)('shop:1'),
  ManifestError,
);
fuzz(
  'an event of the history',
  fc.record({ t: fc.nat(), type: fc.constantFrom('restart', 'process_oom_kill', 'a'), killed: json }),
  parseEvent,
);
fuzz('fincore', near('4096 /proc/self/fd/3\n'), (text) => parseFincore(text, ['/proc/self/fd/3']));

const hsperf = readFileSync('test/fixtures/hsperf/g1.bin');
fuzz(
  'hsperfdata',
  fc.array(fc.tuple(fc.nat(hsperf.length - 9), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { maxLength: 30 }),
  (edits) => {
    const bytes = Buffer.from(hsperf);
    for (const [at, value] of edits) bytes.writeBigInt64LE(value, at);
    const parsed = parseHsperfdata(bytes);
    return parsed.state === 'read' ? toJvmReading(parsed.counters, { atMs: 1.7e12, previous: null }) : null;
  },
);
const HEAP = ' garbage-first heap   total 65536K, used 1000K [0x0]\n ZHeap used 1M, capacity 64M, max capacity 64M\n';
fuzz('GC.heap_info', near(HEAP), parseHeapInfo);
fuzz(
  'VM.native_memory',
  near('Total: reserved=10KB, committed=5KB\n- Java Heap (reserved=10KB, committed=5KB)\n (mmap: reserved=1KB, committed=1KB)\n'),
  parseNativeMemory,
);
fuzz(
  'VM.metaspace',
  near(
    'Non-Class: 1 chunks, 1.5 MB capacity, 1.0 MB ( 90%) used\nVirtual space:\nNon-class space: 64 MB reserved, 2.0 MB ( 3%) committed\n',
  ),
  parseMetaspace,
);
fuzz('Compiler.codecache', near("CodeHeap 'profiled nmethods': size=100Kb used=10Kb max_used=20Kb free=1Kb\n"), parseCodeCache);
fuzz('GC.class_histogram', near('   1:  123  4567  java.lang.String (java.base@17)\n'), parseHistogram);
const CLASSES = near('   1:  123  4567  java.lang.String (java.base@17)\n   2:  5  9000000  [B\n');
fuzz('two class histograms, of which the second says what grew', fc.tuple(CLASSES, CLASSES), ([first, second]) =>
  grownBetween('heap', first, second),
);
const DUMP = readFileSync('test/fixtures/thread-dumps/jdk-17-look-1.txt', 'utf8').slice(-4000);
const threadLine = fc
  .tuple(oddKey, oddOrPlain)
  .map(([name, n]) => `"${name}-${n}" #${n} prio=5\n\tat com.shop.${name}(A.java:1)\n\n`);
const dump = fc.oneof(
  near(DUMP),
  fc.array(threadLine, { maxLength: 12 }).map((lines) => lines.join('')),
);
fuzz('two thread dumps, of which the second says what grew', fc.tuple(dump, dump), ([first, second]) =>
  grownBetween('threads', first, second),
);
const LOADERS = near('0x0 0x0 0x0 3 6144 900 app.Loader\n0x1 0x0 0x0 5 9000 70 app.Other\n');
fuzz('two lists of class loaders, of which the second says what grew', fc.tuple(LOADERS, LOADERS), ([first, second]) =>
  grownBetween('metaspace', first, second),
);
const OPENED = near('/data/a-1.log\n/data/a-2.log\nsocket:[1234]\npipe:[7]\nanon_inode:[eventpoll]\n/tmp/x (deleted)\n');
fuzz('two lists of descriptors, of which the second says what grew', fc.tuple(OPENED, OPENED), ([first, second]) =>
  grownBetween('descriptors', first, second),
);
function grownBetween(cause: LookCause, firstAnswer: string, secondAnswer: string) {
  const [first, second] = [firstAnswer, secondAnswer].map(QUESTIONS[cause].groups);
  const culprit = nameGroup(cause, [first!, second!]);
  assert.ok(culprit.grown.every(({ share }) => share >= 0 && share <= 1));
  // `more` may be less than nothing: fewer objects may have more bytes.
  const grown = culprit.grown.map(({ more: _, ...rest }) => rest);
  return { first, second, culprit: { ...culprit, culprit: null, grown } };
}
const RECORDING = madeChunk({
  classes: [
    { id: 2, name: 'long' },
    { id: 3, name: 'java.lang.String' },
    {
      id: 4,
      name: 'app.Node',
      fields: [
        ['name', 3],
        ['next', 4, 'pooled'],
      ],
    },
    {
      id: 5,
      name: 'app.Event',
      fields: [
        ['at', 2],
        ['all', 2, 'array'],
        ['node', 4, 'pooled'],
      ],
    },
  ],
  events: [[5, [1, 2, 3, 4, 1]]],
  checkpoints: [new Map([[4, new Map([[1, [...utf8('a'), 1]]])]])],
});
const recording = fc
  .array(fc.tuple(fc.nat(RECORDING.length - 1), fc.nat(255)), { maxLength: 8 })
  .map((edits) => edits.reduce((bytes, [at, byte]) => bytes.fill(byte, at, at + 1), Buffer.from(RECORDING)));
fuzz(
  'a recording of the flight recorder',
  recording,
  (bytes) =>
    readEvents(bytes, new Set(['app.Event'])).map(({ type, values, chunk }) => ({
      type,
      resolved: [...values.values()].map((value) => typeof chunk.resolve(value)),
    })),
  JfrError,
);
const argument1 = fc.oneof(
  oddKey,
  fc.constantFrom('java', '-cp', '-jar', '-Xmx1g', '@args', '--module', 'a/b.jar', '-XX:+UseG1GC'),
);
fuzz('the arguments of a JVM', fc.array(argument1, { maxLength: 8 }), (args) => ({
  main: mainClassOfArguments(args),
  flags: memoryFlags(args.join(' ')),
}));
const replyText = fc
  .tuple(fc.integer({ min: -(10 ** 7), max: 10 ** 7 }), fc.string())
  .map(([code, text]) => Buffer.from(`${code}\n${text}`));
fuzz('an attach reply', fc.oneof(fc.uint8Array(), replyText), (bytes) => {
  const reply = decodeReply(bytes);
  if (reply.state !== 'refused') return reply;
  // It is -1 where the command has failed (JNI_ERR).
  assert.ok(Math.abs(reply.code) < 10 ** 6 && reply.code !== 0);
  return reply.text;
});

const SERIES = {
  interval_s: 10,
  limit_bytes: 1000,
  t: [0, 10, 20],
  fields: { usage: [1, null, 3] },
  aux: { events: [{ t: 5, type: 'restart' }] },
  files: [{ path: '/a', size: [1, 2, 3] }],
};
fuzz(
  'a series',
  fc.oneof(
    json,
    near(JSON.stringify(SERIES))
      .filter(isJson)
      .map((text) => JSON.parse(text)),
  ),
  (value) => assertPossible(parseSeries(value)),
  InputError,
);
const MATRIX = {
  status: 'success',
  data: {
    resultType: 'matrix',
    result: [
      {
        metric: { __name__: 'container_memory_rss' },
        values: [
          [0, '1'],
          [10, '2'],
        ],
      },
    ],
  },
};
fuzz(
  'an answer of Prometheus',
  fc.oneof(
    fc.record({ status: json, data: fc.record({ resultType: fc.constant('matrix'), result: json }) }),
    json.map((row) => ({ status: '', data: { resultType: 'matrix', result: [row] } })),
    json.map((values) => ({
      status: '',
      data: { resultType: 'matrix', result: [{ metric: { __name__: 'container_memory_rss' }, values: [values] }] },
    })),
    near(JSON.stringify(MATRIX))
      .filter(isJson)
      .map((text) => JSON.parse(text)),
  ),
  (value) => assertPossible(parsePrometheus(value).data),
  InputError,
);
const recorded = {
  t: 1,
  files: { 'memory.current': '1\n', 'memory.stat': 'anon 1\n' },
  jvm: { status: STATUS, hsperfdata: '' },
  residency: [{ file: '/a', size: 1, res: 1 }],
  openFiles: [{ path: '/b', openBy: [], method: 'mincore', sizeBytes: 1, residentBytes: 1 }],
  meta: { started: '' },
};
const line = fc.oneof(
  { weight: 3, arbitrary: fc.nat().map((t) => JSON.stringify({ ...recorded, t })) },
  near(JSON.stringify(recorded)),
  fc
    .record({
      t: fc.nat(),
      jvm: json,
      residency: json,
      openFiles: json,
      meta: json,
      files: fc.oneof(json, fc.constant(recorded.files)),
    })
    .map((value) => JSON.stringify(value)),
);
fuzz(
  'a recording',
  fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join('\n')),
  (text) => assertPossible(parseRecording(text).series),
  InputError,
);
const READINGS = {
  schema: 'memhound.readings/1',
  epoch: 'a',
  parts: { t: [1, 2], parts: [{ id: 'heap', name: 'heap', process: null, kib: [1, 2] }] },
  files: {
    t: [1, 2],
    merged: [],
    free: [{ totalBytes: 9, kib: 1 }],
    tracks: [
      {
        path: '/a',
        key: '/a',
        folder: '/',
        kind: 'file',
        fileSystem: null,
        members: [],
        size: 1,
        allocated: [1, 2],
        resident: null,
      },
    ],
  },
};
fuzz(
  'readings of the history',
  fc.oneof(
    near(JSON.stringify(READINGS)),
    json.map((parts) => JSON.stringify({ ...READINGS, parts })),
  ),
  parseReadings,
);
fuzz('a quantity of Kubernetes', fc.oneof(oddOrPlain, oddKey, near('1.5Gi')), (text) => assert.ok(!Number.isNaN(quantity(text))));
fuzz(
  'a segment',
  fc.oneof(
    oddKey,
    near('{"schema":"memhound.history/2","t":[1,2],"fields":{"usage":[1,2]},"events":[],"step":0}'),
    json.map((value) => JSON.stringify({ schema: 'memhound.history/2', ...Object(value) })),
  ),
  (text) => {
    const segment = parseSegment(text);
    const history = new History();
    restoreRows(history, segment);
    const { step, until, epoch, limit, heapMax } = segment;
    return { t: segment.t, step, until, epoch, limit, heapMax, rows: history.length, merged: coarsen([segment], 60).t };
  },
  SegmentError,
);

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: &m
  name: shop
spec:
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: shop
        image: eclipse-temurin:17
        env: [{name: A, value: "1"}]
      volumes:
`;
const MERGED = DEPLOYMENT.replace('name: shop', '<<: [{namespace: a}, *m]\n  name: shop').replace(
  'metadata: &m',
  'x: &m {a: b}\nmetadata:',
);
fuzz(
  'a manifest',
  fc.oneof(near(DEPLOYMENT), near(MERGED)),
  (text) => void inject(text, { ...NO_OPTIONS, version: '1.0.0' }),
  ManifestError,
);

test('any series that is parsed can be evaluated', (t) => {
  t.diagnostic(`FUZZ_SEED=${SEED}`);
  const value = fc.oneof(
    fc.constant(null),
    fc.constantFrom(0, 1, 4096, 2 ** 52),
    fc.double({ min: 0, max: 2 ** 52, noNaN: true }),
  );
  const stamps = fc.oneof(
    fc.array(fc.nat(4_102_444_800), { minLength: 2, maxLength: 80 }).map((ts) => ts.sort((a, b) => a - b)),
    fc
      .tuple(fc.nat(2e9), fc.constantFrom(0, 1e-9, 0.001, 1, 10, 86_400), fc.integer({ min: 2, max: 200 }))
      .map(([from, step, n]) => Array.from({ length: n }, (_, i) => from + i * step)),
  );
  const series = stamps.chain((ts) => {
    const column = fc.array(value, { minLength: ts.length, maxLength: ts.length });
    return fc.record({
      t: fc.constant(ts),
      limit_bytes: value,
      heap_max_bytes: value,
      fields: fc.dictionary(
        fc.constantFrom('usage', 'anon', 'file', 'heap_used', 'old_used', 'full_gc_count', 'gc_count', 'threads', 'slab'),
        column,
        { minKeys: 1, maxKeys: 4 },
      ),
      aux: fc.record({
        events: fc.array(fc.record({ t: fc.constantFrom(...ts), type: fc.constantFrom('restart', 'oom_kill') }), {
          maxLength: 3,
        }),
      }),
    });
  });
  fc.assert(
    fc.property(series, (made) => {
      let parsed: ReturnType<typeof parseSeries>;
      try {
        parsed = parseSeries(made);
      } catch (error) {
        assert.ok(error instanceof InputError);
        return;
      }
      const { confidence } = evaluateSeries(parsed, { minHistorySeconds: 1 });
      assert.ok(confidence >= 0 && confidence <= 1, String(confidence));
    }),
    { numRuns: Math.ceil(RUNS / 10), seed: SEED },
  );
});
