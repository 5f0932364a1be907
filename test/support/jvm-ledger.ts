import { readFileSync } from 'node:fs';
import type { Jdk } from '../../scripts/jdks.mjs';
import type { FileRow, Ledger, TargetInfo } from '../../src/diagnosis/types.ts';
import { bytesText } from '../../src/format.ts';
import { KIB } from '../../src/units.ts';
import type { TestCgroup } from './cgroup.ts';
import { agrees, always, bytes, type Comparison, off, parts, type Truth } from './jvm-figures.ts';
import { mappingsOf, nativeMemory, type Region, residentAnon, sharedHeapBytes } from './jvm-truth.ts';
import { MEMHOUND } from './memhound.ts';
import { run } from './process.ts';

const PARTS_BY_KIND: Readonly<Record<string, string>> = {
  'Java Heap': 'java-heap',
  Metaspace: 'metaspace',
  'Shared class space': 'class-archive',
  Code: 'code-cache',
  'Thread Stack': 'thread-stacks',
};

/** Since then the tracker has a kind for metaspace alone. */
const FIRST_WITH_METASPACE = 16;

/** A JDK that calls both kinds of class memory "Class": the one that is as long as the compressed class space is that. */
const partOf = ({ kind, start, end }: Region, classSpaceBytes: number | null): string =>
  kind === 'Class'
    ? classSpaceBytes === null || end - start === classSpaceBytes
      ? 'class-space'
      : 'metaspace'
    : (PARTS_BY_KIND[kind] ?? 'vm-structures');

/** The JVM's own figure, which other flags may set too; null: the tracker tells the kinds apart. */
async function classSpaceBytesOf(jdk: Jdk, pid: number): Promise<number | null> {
  if (jdk.line >= FIRST_WITH_METASPACE) return null;
  const { stdout, stderr } = await run(jdk.jcmd, [String(pid), 'VM.flags', '-all']);
  const [, size] = /\bCompressedClassSpaceSize\s+:?= (\d+)/.exec(stdout) ?? [];
  if (size === undefined)
    throw new Error(`jcmd ${pid} VM.flags -all: expected CompressedClassSpaceSize, found ${stdout}${stderr}`);
  return Number(size);
}

/** The stacks of ZGC's marking threads, which JDK 11 maps at this address without its tracker. */
function untracked(pid: number, regions: readonly Region[]): Region[] {
  const start = 0x15_0000_0000_00;
  if (regions.some((r) => r.start <= start && start < r.end)) return [];
  return mappingsOf(pid).flatMap((m) => (m.start === start ? [{ ...m, kind: 'GC' }] : []));
}

/** Resident anonymous bytes by part, from the JVM's own map of its memory and the kernel's page map. */
function residentParts(pid: number, regions: readonly Region[], classSpaceBytes: number | null): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const add = (id: string, value: number): void => {
    found.set(id, (found.get(id) ?? 0) + value);
  };
  const huge = mappingsOf(pid).filter(({ kind }) => kind.startsWith('/anon_hugepage'));
  const inHugePages = (r: Region) => huge.some((h) => h.start < r.end && r.start < h.end);
  const all = [...regions.filter((r) => !inHugePages(r)), ...untracked(pid, regions)];
  for (const [i, value] of residentAnon(pid, all).entries()) add(partOf(all[i]!, classSpaceBytes), value);
  const stack = mappingsOf(pid).filter(({ kind }) => kind.startsWith('[stack'));
  for (const value of residentAnon(pid, stack)) add('thread-stacks', value);
  const whole = Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * KIB;
  add('elsewhere', whole - [...found.values()].reduce((a, b) => a + b, 0));
  return found;
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

const mappingsWereRead = (ledger: Ledger): boolean =>
  ledger.parts.every((top) => (top.parts ?? []).every(({ id }) => id !== 'native'));

interface Look {
  readonly target: TargetInfo;
  readonly files: readonly FileRow[];
  readonly figures: readonly Comparison[];
  /** The heap's file, or what native memory tracking counts as the heap's: of JDK 11's ZGC it counts too little. */
  readonly heapCommitted: number;
}

/** The ledger of a JVM that runs with -XX:NativeMemoryTracking=detail, alone in its cgroup, against the JVM's map of its memory. */
export async function lookAtLedger(jdk: Jdk, pid: number, cgroup: TestCgroup, attach: boolean): Promise<Look> {
  const { regions, committed } = await nativeMemory(jdk, pid);
  const classSpaceBytes = await classSpaceBytesOf(jdk, pid);
  const truth = () => ({
    parts: residentParts(pid, regions, classSpaceBytes),
    usage: Number(cgroup.read(cgroup.version === 1 ? 'memory.usage_in_bytes' : 'memory.current')),
  });
  const before = truth();
  let said = await explain(pid, attach);
  // On a busy machine a reading of the mappings may be given up; then the ledger says so, and has one part in place of many.
  for (let tries = 1; tries < 3 && !mappingsWereRead(said.ledger); tries++) said = await explain(pid, attach);
  const { ledger, files, target } = said;
  const after = truth();
  const resident = (id: string): Truth => ({ before: before.parts.get(id) ?? 0, after: after.parts.get(id) ?? 0 });
  const under = (top: string) => ledger.parts.filter(({ id }) => id === top);
  const inAnon = (name: string, ids: readonly string[], is: Truth) => parts(`ledger: ${name}`, under('anon'), ids, is);
  const shared = sharedHeapBytes(pid);
  const figures = [
    shared === null
      ? inAnon('Java heap', ['java-heap'], resident('java-heap'))
      : parts('ledger: Java heap', under('shmem'), ['java-heap'], always(shared)),
    inAnon('metaspace', ['metaspace'], resident('metaspace')),
    inAnon('class space', ['class-space'], resident('class-space')),
    inAnon('class data archive', ['class-archive'], resident('class-archive')),
    inAnon('code cache', ['code-cache'], resident('code-cache')),
    inAnon('thread stacks', ['thread-stacks'], resident('thread-stacks')),
    inAnon('GC and VM structures', ['vm-structures'], resident('vm-structures')),
    inAnon(
      'malloc, direct buffers, libraries',
      ['malloc-heap', 'malloc-arenas', 'direct-buffers', 'libraries'],
      resident('elsewhere'),
    ),
    bytes('sum', ledger.totalBytes, { before: before.usage, after: after.usage }),
    Math.abs(ledger.unexplainedBytes) <= ledger.boundBytes
      ? agrees('unexplained')
      : off('unexplained', `${bytesText(ledger.unexplainedBytes)}, bound ${bytesText(ledger.boundBytes)}`),
  ];
  return { target, files, figures, heapCommitted: shared ?? committed.get('Java Heap') ?? 0 };
}
