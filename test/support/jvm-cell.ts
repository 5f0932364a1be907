import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Jdk } from '../../scripts/jdks.mjs';
import type { FileRow, Ledger, TargetInfo } from '../../src/diagnosis/types.ts';
import { bytesText } from '../../src/format.ts';
import type { Collector } from '../../src/sources/jvm/collectors.ts';
import type { JvmReading } from '../../src/sources/types.ts';
import { GIB, KIB, MIB } from '../../src/units.ts';
import { makeCgroup, type TestCgroup } from './cgroup.ts';
import { fincore } from './fincore.ts';
import { aged, agrees, always, bytes, type Comparison, count, notTold, off, parts, type Truth } from './jvm-figures.ts';
import { beans, jstat, mappingsOf, nativeMemory, type Region, residentAnon, sharedHeapBytes, tell } from './jvm-truth.ts';
import { MEMHOUND, type Memhound, watch } from './memhound.ts';
import { type Running, run, start } from './process.ts';

/** How one JVM of a cell is run. */
export interface Variant {
  readonly name: string;
  readonly collector: Collector;
  readonly flags: readonly string[];
  readonly classes: number;
}

const MAX_HEAP = 256 * MIB;
const [HEAP_MIB, DIRECT_MIB, THREADS, FILE_MIB] = [40, 16, 20, 8];
/** What comes after the collection, so that a figure which only a collection renews is seen to be old. */
const LATER = { heapMib: 6, classes: 400 };

const PARTS_BY_KIND: Readonly<Record<string, string>> = {
  'Java Heap': 'java-heap',
  Metaspace: 'metaspace',
  'Shared class space': 'class-archive',
  Code: 'code-cache',
  'Thread Stack': 'thread-stacks',
};

/** Before JDK 16 both kinds of class memory are "Class": the one of 1 GiB is the compressed class space. */
const partOf = ({ kind, start, end }: Region): string =>
  kind === 'Class' ? (end - start >= GIB ? 'class-space' : 'metaspace') : (PARTS_BY_KIND[kind] ?? 'vm-structures');

/** Resident anonymous bytes by part, from the JVM's own map of its memory and the kernel's page map. */
function residentParts(pid: number, regions: readonly Region[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const add = (id: string, value: number): void => {
    found.set(id, (found.get(id) ?? 0) + value);
  };
  for (const [i, value] of residentAnon(pid, regions).entries()) add(partOf(regions[i]!), value);
  const stack = mappingsOf(pid).filter(({ kind }) => kind.startsWith('[stack'));
  for (const value of residentAnon(pid, stack)) add('thread-stacks', value);
  const all = Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * KIB;
  add('elsewhere', all - [...found.values()].reduce((a, b) => a + b, 0));
  return found;
}

interface Sample {
  readonly atMs: number;
  readonly values: Readonly<Record<string, number | null>>;
}

/** All samples that fit, as soon as there is one. */
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
  throw new Error(`samples of ${fields.join(', ')}: none that fits within 20 s`);
}

/** What one look says: it reads the mappings at once, while a watch does not do so at any price. */
async function explain(
  pid: number,
  attach: boolean,
): Promise<{ readonly ledger: Ledger; readonly files: readonly FileRow[]; readonly target: TargetInfo }> {
  const args = [MEMHOUND, 'explain', '--json', ...(attach ? ['--attach'] : []), '--pid', String(pid)];
  const { code, stdout, stderr } = await run(process.execPath, args);
  if (code !== 0) throw new Error(`memhound explain: ${stderr}`);
  return JSON.parse(stdout) as { ledger: Ledger; files: FileRow[]; target: TargetInfo };
}

interface Subject {
  readonly jdk: Jdk;
  readonly variant: Variant;
  readonly java: Running;
  readonly cgroup: TestCgroup;
  readonly file: string;
}

/** What memhound says of the running program, each figure against the truth. */
async function compare({ jdk, variant, java, cgroup, file }: Subject, attach: boolean): Promise<Comparison[]> {
  const { pid } = java;
  const hound = await watch(['--pid', String(pid), '--every', '1s', ...(attach ? ['--attach'] : [])]);
  try {
    const first = (await samples(hound, ['gc_count', 'full_gc_count'], () => true))[0]!.values;
    const left = (await tell(java, 'collect'))!;
    const collectedMs = Date.now();
    const atCollection = await beans(java);
    const counter = first.full_gc_count === null ? 'gc_count' : 'full_gc_count';
    if (variant.collector !== 'Epsilon')
      await samples(hound, [counter], ({ atMs, values }) => atMs >= collectedMs && values[counter]! > first[counter]!);
    // Counters of a collection are written one after the other: its floor is the least of what follows.
    const after =
      variant.collector === 'Epsilon'
        ? []
        : await samples(hound, ['heap_used', counter], ({ values }) => values[counter]! > first[counter]!);
    const growsMs = Date.now();
    await tell(java, 'grow', [LATER.heapMib, LATER.classes]);
    const now = await beans(java);
    const grownMs = Date.now();
    await samples(hound, ['heap_used'], ({ atMs }) => atMs >= grownMs);
    const { jvm } = (await hound.get<{ jvm: JvmReading | null }>('/api/v1/jvm')).body;
    const counters = await jstat(jdk, pid, 'gc');
    const { regions, committed } = await nativeMemory(jdk, pid);
    const look = () => ({
      parts: residentParts(pid, regions),
      usage: Number(cgroup.read(cgroup.version === 1 ? 'memory.usage_in_bytes' : 'memory.current')),
    });
    const before = look();
    const { ledger, files, target } = await explain(pid, attach);
    const since = look();

    const is = (name: string): number => now.get(name) ?? 0;
    const then = (name: string) => ({ value: atCollection.get(name) ?? 0, atMs: growsMs });
    const resident = (id: string): Truth => ({ before: before.parts.get(id) ?? 0, after: since.parts.get(id) ?? 0 });
    const under = (top: string) => ledger.parts.filter(({ id }) => id === top);
    const inAnon = (figure: string, ids: readonly string[], truth: Truth) => parts(figure, under('anon'), ids, truth);
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
    const shared = sharedHeapBytes(pid);
    const collected = ['YGC', 'FGC', 'CGC'].reduce((sum, name) => sum + (counters.get(name) ?? 0), 0);
    const found = target.jvm?.collector ?? null;
    const libjvm = mappingsOf(pid).find(({ kind }) => kind.endsWith('/libjvm.so'))!.kind;
    return [
      found === variant.collector ? agrees('collector') : off('collector', `${found} of ${variant.collector}`),
      aged('heap used', jvm?.heapUsed, is('heap.used'), { value: left, atMs: growsMs }),
      bytes('heap committed', jvm?.heapCommitted.value, always(committed.get('Java Heap') ?? 0)),
      bytes('heap max', typeof jvm?.heapMax === 'number' ? jvm.heapMax : null, always(MAX_HEAP)),
      variant.collector === 'Epsilon'
        ? notTold('heap floor', 'it never collects')
        : counter === 'gc_count'
          ? notTold('heap floor', 'the collector renews its figures before it has freed anything')
          : bytes('heap floor', Math.min(...after.map(({ values }) => values.heap_used!)), {
              before: left,
              after: atCollection.get('heap.used') ?? left,
            }),
      ...space('metaspace', jvm?.metaspace, 'metaspace'),
      ...space('class space', jvm?.compressedClass, 'class-space'),
      count('threads', jvm?.threads?.live, is('threads'), 1),
      count('classes', jvm?.classes ? jvm.classes.loaded - jvm.classes.unloaded : null, is('classes'), is('classes') / 100),
      count('collections', jvm?.gcCount, collected, 0),
      shared === null
        ? inAnon('ledger: Java heap', ['java-heap'], resident('java-heap'))
        : parts('ledger: Java heap', under('shmem'), ['java-heap'], always(shared)),
      inAnon('ledger: metaspace', ['metaspace'], resident('metaspace')),
      inAnon('ledger: class space', ['class-space'], resident('class-space')),
      inAnon('ledger: class data archive', ['class-archive'], resident('class-archive')),
      inAnon('ledger: code cache', ['code-cache'], resident('code-cache')),
      inAnon('ledger: thread stacks', ['thread-stacks'], resident('thread-stacks')),
      inAnon('ledger: GC and VM structures', ['vm-structures'], resident('vm-structures')),
      inAnon(
        'ledger: malloc, direct buffers, libraries',
        ['malloc-heap', 'malloc-arenas', 'direct-buffers', 'libraries'],
        resident('elsewhere'),
      ),
      await fileRow('file that it wrote', files, file),
      await fileRow('file libjvm.so', files, libjvm),
      bytes('sum', ledger.totalBytes, { before: before.usage, after: since.usage }),
      Math.abs(ledger.unexplainedBytes) <= ledger.boundBytes
        ? agrees('unexplained')
        : off('unexplained', `${bytesText(ledger.unexplainedBytes)}, bound ${bytesText(ledger.boundBytes)}`),
    ];
  } finally {
    await hound.stop();
  }
}

async function fileRow(figure: string, files: readonly FileRow[], path: string): Promise<Comparison> {
  return bytes(figure, files.find((f) => f.path === path)?.residentBytes, always(await fincore(path)));
}

async function compile({ line, javac }: Jdk, to: string): Promise<void> {
  const { code, stderr } = await run(javac, ['-d', to, '-encoding', 'UTF-8', 'scenarios/EveryArea.java']);
  if (code !== 0) throw new Error(`javac of JDK ${line}: ${stderr}`);
}

/** Runs the program in a cgroup of its own, and memhound beside it: without `--attach`, then with it, as asked. */
export async function runCell(jdk: Jdk, variant: Variant, attaches: readonly boolean[]): Promise<Comparison[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-cell-'));
  const classes = join(folder, 'classes');
  mkdirSync(classes);
  const cgroup = makeCgroup(2 * GIB);
  const file = join(folder, 'grows.log');
  const flags = ['-Xms64m', `-Xmx${MAX_HEAP}`, '-XX:NativeMemoryTracking=detail', ...variant.flags];
  const args = [HEAP_MIB, DIRECT_MIB, THREADS, variant.classes, FILE_MIB, file].map(String);
  try {
    await compile(jdk, classes);
    const java = start(cgroup.join(jdk.java, [...flags, '-cp', classes, 'EveryArea', ...args]));
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
