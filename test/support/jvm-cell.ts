import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Jdk } from '../../scripts/jdks.mjs';
import type { Collector } from '../../src/sources/jvm/collectors.ts';
import type { JvmReading } from '../../src/sources/types.ts';
import { GIB, MIB } from '../../src/units.ts';
import { makeCgroup, type TestCgroup } from './cgroup.ts';
import { fincore } from './fincore.ts';
import { aged, agrees, always, bytes, type Comparison, count, nearest, notKnown, off, type Truth } from './jvm-figures.ts';
import { lookAtLedger } from './jvm-ledger.ts';
import { beans, jstat, mappingsOf, tell } from './jvm-truth.ts';
import { type Memhound, watch } from './memhound.ts';
import { type Running, run, start } from './process.ts';

/** How one JVM of a cell is run. */
export interface Variant {
  readonly name: string;
  readonly collector: Collector;
  readonly flags: readonly string[];
  readonly classes: number;
  /** In place of -Xms64m and -Xmx: the JVM is to find its own by its other flags. */
  readonly sizes?: readonly string[];
  /** -Xmx. Address space is reserved for it, and no more of it is used than of a small one. */
  readonly maxHeapBytes?: number;
  readonly threads?: number;
  /** Of its heap: the JVM's own figures differ from each other by one. */
  readonly pageBytes?: number;
  readonly directMib?: number;
  /** Of its cgroup. */
  readonly limitBytes?: number;
  /** Made before the program runs, by a run of its own: the flags that make it, with FOLDER for a folder. The variant's flags may have FOLDER too. */
  readonly prepare?: readonly (readonly string[])[];
}

const MAX_HEAP = 256 * MIB;
const [HEAP_MIB, DIRECT_MIB, THREADS, FILE_MIB] = [40, 16, 20, 8];
/** An update is seen at the next tick. */
const TICK_MS = 1000;
/** What comes after the collection, so that a figure which only a collection renews is seen to be old. */
const LATER = { heapMib: 6, classes: 400 };

interface Sample {
  readonly atMs: number;
  readonly values: Readonly<Record<string, number | null>>;
}

/** All samples that fit, as soon as there is one; none after 20 s. */
async function samples(hound: Memhound, fields: readonly string[], fits: (s: Sample) => boolean): Promise<Sample[]> {
  for (let tries = 0; tries < 80; tries++) {
    const { body } = await hound.get<{ t: number[]; fields: Record<string, (number | null)[]> }>(
      `/api/v1/samples?fields=${fields.join(',')}`,
    );
    const fitting = body.t
      .map((t, i) => ({ atMs: t * 1000, values: Object.fromEntries(fields.map((f) => [f, body.fields[f]?.[i] ?? null])) }))
      .filter(fits);
    if (fitting.length > 0) return fitting;
    await delay(250);
  }
  return [];
}

interface Subject {
  readonly jdk: Jdk;
  readonly variant: Variant;
  readonly java: Running;
  readonly cgroup: TestCgroup;
  readonly file: string;
}

/** Those that are surely later than the collection, whose counters are written one after the other. */
async function samplesAfter(hound: Memhound, first: Sample['values'], collectedMs: number): Promise<Sample[]> {
  const counter = first.full_gc_count == null ? 'gc_count' : 'full_gc_count';
  const counted = ({ values }: Sample) => values[counter]! > (first[counter] ?? 0);
  return samples(hound, ['heap_used', counter], (s) => s.atMs >= collectedMs && counted(s));
}

/** The least that was used after the collection. */
function floor({ collector, pageBytes }: Variant, first: Sample['values'], after: readonly Sample[], truth: Truth): Comparison {
  if (collector === 'Epsilon') return notKnown('heap floor', 'it never collects');
  if (after.length === 0) return off('heap floor', 'the collection was not counted');
  if (first.full_gc_count == null) return notKnown('heap floor', 'the collector renews its figures before it has freed anything');
  return bytes('heap floor', Math.min(...after.map(({ values }) => values.heap_used!)), truth, pageBytes);
}

/** What memhound says of the running program, each figure against the truth. */
async function compare({ jdk, variant, java, cgroup, file }: Subject, attach: boolean): Promise<Comparison[]> {
  const { pid } = java;
  const history = join(dirname(file), attach ? 'attached' : 'plain');
  const hound = await watch(['--pid', String(pid), '--every', '1s', '--data', history, ...(attach ? ['--attach'] : [])]);
  try {
    const first = (await samples(hound, ['gc_count', 'full_gc_count'], () => true))[0]!.values;
    await beans(java); // the first question loads classes
    const left = (await tell(java, 'collect'))!;
    const collectedMs = Date.now();
    const atCollection = await beans(java);
    const after = variant.collector === 'Epsilon' ? [] : await samplesAfter(hound, first, collectedMs);
    // A thread that allocates for the first time since, such as that of finalizers, takes a buffer, and then the sample is more than the beans.
    const usedWhenSampled = (await beans(java)).get('heap.used') ?? left;
    const growsMs = Date.now();
    await tell(java, 'grow', [LATER.heapMib, LATER.classes]);
    const now = await beans(java);
    const grownMs = Date.now();
    await samples(hound, ['heap_used'], ({ atMs }) => atMs >= grownMs);
    const countedBefore = await collections(jdk, pid);
    const jvm = await jvmReading(hound, attach ? grownMs : 0);
    const countedAfter = await collections(jdk, pid);
    const later = await beans(java);
    const libjvm = mappingsOf(pid).find(({ kind }) => kind.endsWith('/libjvm.so'))!.kind;
    const residentBefore = await Promise.all([file, libjvm].map(fincore));
    const { target, files, figures, heapCommitted } = await lookAtLedger(jdk, pid, cgroup, attach);
    const residentAfter = await Promise.all([file, libjvm].map(fincore));
    // The kernel may take pages back in between.
    const rowOf = (figure: string, path: string, i: number) =>
      bytes(figure, files.find((f) => f.path === path)?.residentBytes, { before: residentBefore[i]!, after: residentAfter[i]! });

    const is = (name: string): number => now.get(name) ?? 0;
    // Answers to --attach allocate as well.
    const usedNow = nearest(jvm?.heapUsed.value ?? 0, { before: is('heap.used'), after: later.get('heap.used') ?? 0 });
    const usedThen = nearest(jvm?.heapUsed.value ?? 0, { before: left, after: atCollection.get('heap.used') ?? left });
    // With huge pages the tracker counts whole ones, and the beans regions.
    const committedNow = nearest(jvm?.heapCommitted.value ?? 0, { before: is('heap.committed'), after: heapCommitted });
    const then = (name: string) => ({ value: atCollection.get(name) ?? 0, atMs: growsMs });
    const space = (figure: string, reading: JvmReading['compressedClass'] | undefined, name: string) => [
      aged(`${figure} used`, reading?.used, is(`${name}.used`), then(`${name}.used`)),
      // The JVM renews it together with what is used, whose age says when.
      aged(
        `${figure} committed`,
        reading && { value: reading.committed, atMs: reading.used.atMs },
        is(`${name}.committed`),
        then(`${name}.committed`),
      ),
    ];
    // jstat has no count of some collectors; of CMS it counts pauses, and the beans cycles.
    const collected = { before: countedBefore ?? is('collections'), after: countedAfter ?? is('collections') };
    const found = target.jvm?.collector ?? null;
    return [
      found === variant.collector ? agrees('collector') : off('collector', `${found} of ${variant.collector}`),
      aged('heap used', jvm?.heapUsed, usedNow, { value: usedThen, atMs: growsMs }, variant.pageBytes, grownMs + TICK_MS),
      aged('heap committed', jvm?.heapCommitted, committedNow, then('heap.committed'), variant.pageBytes),
      bytes('heap max', typeof jvm?.heapMax === 'number' ? jvm.heapMax : null, always(variant.maxHeapBytes ?? MAX_HEAP)),
      floor(variant, first, after, { before: left, after: usedWhenSampled }),
      ...space('metaspace', jvm?.metaspace, 'metaspace'),
      ...space('class space', jvm?.compressedClass, 'class-space'),
      count('threads', jvm?.threads?.live, always(is('threads')), 1),
      count(
        'classes',
        jvm?.classes ? jvm.classes.loaded - jvm.classes.unloaded : null,
        always(is('classes')),
        is('classes') / 100,
      ),
      count('collections', jvm?.gcCount, collected, 0),
      ...figures,
      rowOf('file that it wrote', file, 0),
      rowOf('file libjvm.so', libjvm, 1),
    ];
  } finally {
    await hound.stop();
  }
}

/** null: jstat has no count of this collector. */
async function collections(jdk: Jdk, pid: number): Promise<number | null> {
  const counters = await jstat(jdk, pid, 'gc');
  const counted = ['YGC', 'FGC', 'CGC'].flatMap((name) => counters.get(name) ?? []);
  return counted.length === 0 ? null : counted.reduce((a, b) => a + b);
}

/** Its heap as of now, if the JVM may be asked and its counters show an older one: an answer comes some ten seconds later. */
async function jvmReading(hound: Memhound, sinceMs: number): Promise<JvmReading | null> {
  for (let tries = 0; ; tries++) {
    const { jvm } = (await hound.get<{ jvm: JvmReading | null }>('/api/v1/jvm')).body;
    if (jvm === null || jvm.heapUsed.atMs >= sinceMs || tries === 90) return jvm;
    await delay(500);
  }
}

async function compile({ line, javac }: Jdk, to: string): Promise<void> {
  const compiled = await run(javac, ['-d', to, '-encoding', 'UTF-8', 'scenarios/EveryArea.java']);
  if (compiled.code !== 0) throw new Error(`javac of JDK ${line}: ${compiled.stderr}`);
  // A cache of classes is made of jars alone.
  const packed = await run(join(dirname(javac), 'jar'), ['cf', join(to, 'app.jar'), '-C', to, '.']);
  if (packed.code !== 0) throw new Error(`jar of JDK ${line}: ${packed.stderr}`);
}

/** Runs the program in a cgroup of its own, and memhound beside it: without `--attach`, then with it, as asked. */
export async function runCell(jdk: Jdk, variant: Variant, attaches: readonly boolean[]): Promise<Comparison[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-cell-'));
  const classes = join(folder, 'classes');
  mkdirSync(classes);
  const cgroup = makeCgroup(variant.limitBytes ?? 2 * GIB);
  const file = join(folder, 'grows.log');
  const { maxHeapBytes = MAX_HEAP, directMib = DIRECT_MIB, threads = THREADS } = variant;
  const sizes = [...(variant.sizes ?? ['-Xms64m', `-Xmx${maxHeapBytes}`]), '-XX:NativeMemoryTracking=detail'];
  const inFolder = (flags: readonly string[]) => flags.map((flag) => flag.replace('FOLDER', folder));
  const path = variant.prepare === undefined ? classes : join(classes, 'app.jar');
  const program = ['-cp', path, 'EveryArea', ...[HEAP_MIB, directMib, threads, variant.classes, FILE_MIB, file].map(String)];
  try {
    await compile(jdk, classes);
    for (const flags of variant.prepare ?? []) {
      const { code, stdout, stderr } = await run(jdk.java, [...sizes, ...inFolder(flags), ...program]);
      if (code !== 0) throw new Error(`java ${flags.join(' ')}: expected code 0, found ${code}: ${stdout}${stderr}`);
    }
    const java = start(cgroup.join(jdk.java, [...sizes, ...inFolder(variant.flags), ...program]));
    try {
      await java.line((line) => line === 'ready');
      const all: Comparison[][] = [];
      for (const attach of attaches) all.push(await compare({ jdk, variant, java, cgroup, file }, attach));
      return all;
    } finally {
      await java.stop('SIGKILL');
    }
  } finally {
    await cgroup.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}
