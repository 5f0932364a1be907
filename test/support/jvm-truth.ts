import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import type { Jdk } from '../../scripts/jdks.mjs';
import { GIB, KIB, MIB } from '../../src/units.ts';
import { type Running, run } from './process.ts';

/** What a JVM's own tools and the kernel say of it, read without any part of memhound. */

const PAGE = 4 * KIB;

/** The figures of the program's own beans: see scenarios/EveryArea.java. */
export async function beans(java: Running): Promise<ReadonlyMap<string, number>> {
  const said = new Map<string, number>();
  await tell(java, 'say', [], (line) => {
    const [, name, value] = /^([a-z.-]+) (-?\d+)$/.exec(line) ?? [];
    if (name !== undefined) said.set(name, Number(value)); // the last of a name holds
  });
  return said;
}

/** Gives the program a command and awaits its answer: the number in it, or null. */
export async function tell(
  java: Running,
  command: 'say' | 'collect' | 'grow',
  args: readonly number[] = [],
  see: (line: string) => void = () => {},
): Promise<number | null> {
  const word = `q${++questions}`;
  java.child.stdin!.write(`${[command, word, ...args].join(' ')}\n`);
  const answer = await java.line((line) => {
    see(line);
    return new RegExp(`^\\w+ ${word}\\b`).test(line);
  });
  const number = answer.split(' ')[2];
  return number === undefined ? null : Number(number);
}
let questions = 0;

/** `jstat OPTION PID`: its columns by name; what the collector does not have is "-". */
export async function jstat(jdk: Jdk, pid: number, option: string): Promise<ReadonlyMap<string, number | null>> {
  const { stdout, stderr } = await run(jdk.jstat, [`-${option}`, String(pid)]);
  const [head, values] = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  if (head === undefined || values === undefined)
    throw new Error(`jstat -${option} ${pid}: expected two lines, found ${stdout}${stderr}`);
  return new Map(head.map((name, i) => [name, values[i] === '-' || values[i] === undefined ? null : Number(values[i])]));
}

/** A stretch of address space that the JVM reserved, and what for. */
export interface Region {
  readonly start: number;
  readonly end: number;
  /** The tracker's own words: Java Heap, Class, Metaspace, Code, Thread Stack, GC, ... */
  readonly kind: string;
}

/** `jcmd PID VM.native_memory detail`: its map, and what is committed of each kind. The JVM must run with -XX:NativeMemoryTracking=detail. */
export async function nativeMemory(
  jdk: Jdk,
  pid: number,
): Promise<{ readonly regions: readonly Region[]; readonly committed: ReadonlyMap<string, number> }> {
  const { stdout, stderr } = await run(jdk.jcmd, [String(pid), 'VM.native_memory', 'detail']);
  const regions = [
    ...stdout.matchAll(/^\[0x([0-9a-f]+) - 0x([0-9a-f]+)\] reserved (?:and committed )?\d+KB for (.*?)(?: from)?$/gm),
  ];
  if (regions.length === 0)
    throw new Error(`jcmd ${pid} VM.native_memory detail: expected regions, found ${stdout.slice(0, 300)}${stderr}`);
  const kinds = stdout.matchAll(/^- *(\S.*?) \(reserved=\d+KB, committed=(\d+)KB/gm);
  return {
    regions: regions.map(([, start, end, kind]) => ({ start: Number(`0x${start}`), end: Number(`0x${end}`), kind: kind! })),
    committed: new Map([...kinds].map(([, kind, kib]) => [kind!, Number(kib) * KIB])),
  };
}

/** Anonymous private pages of each region that are in memory, by the kernel's page map. It must be read as root. */
export function residentAnon(pid: number, regions: readonly Region[]): number[] {
  const fd = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    const entries = Buffer.alloc(8 * MIB);
    return regions.map(({ start, end }) => {
      if (end - start > 64 * GIB) return 0; // views of a heap in shared memory (ZGC), which is no anonymous memory
      let pages = 0;
      for (let page = Math.floor(start / PAGE); page < Math.ceil(end / PAGE); page += entries.length / 8) {
        const n = readSync(fd, entries, 0, Math.min(entries.length, (Math.ceil(end / PAGE) - page) * 8), page * 8);
        // The highest byte of an entry: bit 63 present, bit 61 of a file or shared.
        for (let at = 7; at < n; at += 8) if ((entries[at]! & 0xa0) === 0x80) pages++;
      }
      return pages * PAGE;
    });
  } finally {
    closeSync(fd);
  }
}

/** Bytes of the file in memory that holds ZGC's heap; null where the process has none. */
export function sharedHeapBytes(pid: number): number | null {
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const path = `/proc/${pid}/fd/${fd}`;
    if (/^\/memfd:java_heap/.test(readlinkSync(path))) return statSync(path).blocks * 512;
  }
  return null;
}

/** Mappings of no file and none of the JVM's regions: malloc's, and the main thread's stack. */
export function mappingsOf(pid: number): Region[] {
  return [...readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)$/gm)].map(
    ([, start, end, path]) => ({ start: Number(`0x${start}`), end: Number(`0x${end}`), kind: path! }),
  );
}
