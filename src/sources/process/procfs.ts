import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { plausible } from '../../plausible.ts';
import { KIB } from '../../units.ts';
import { isDenied, readRecord, readText } from './read-text.ts';

/** The used values of /proc/PID/status. Sizes are in bytes; null: the kernel does not report them (kernel threads, zombies). */
export interface Status {
  readonly name: string;
  readonly ppid: number;
  /** Real uid and gid. */
  readonly uid: number;
  readonly gid: number;
  /** pid in the innermost namespace; before Linux 4.1 the pid itself. */
  readonly nspid: number;
  readonly threads: number | null;
  readonly vmRssBytes: number | null;
  readonly rssAnonBytes: number | null;
  readonly rssShmemBytes: number | null;
  readonly swapBytes: number | null;
  /** True if the process catches SIGQUIT. Attach needs this: otherwise the signal kills the process. */
  readonly catchesSigquit: boolean;
}

const SIGQUIT_BIT = 1n << 2n; // signal 3, bits count from 0

/** Pure. Fields that are missing are null. Source: proc_pid_status(5). */
export function parseStatus(text: string): Status & { readonly pid: number } {
  // No regular expression for each key: this runs at every tick, and for every process of a search.
  const field = (key: string): string | null => {
    const label = `${key}:`;
    const at = text.startsWith(label) ? 0 : text.indexOf(`\n${label}`) + 1;
    if (at === 0 && !text.startsWith(label)) return null;
    const end = text.indexOf('\n', at);
    return text.slice(at + label.length, end < 0 ? undefined : end).replace(/^[ \t]+/, '');
  };
  const first = (key: string): number | null => {
    const value = field(key)?.split(/\s+/)[0];
    return value === undefined || value === '' ? null : plausible(Number(value));
  };
  const kib = (key: string): number | null => {
    const value = first(key);
    return value === null ? null : plausible(value * KIB);
  };
  const pid = first('Pid') ?? 0;
  const nspids = field('NSpid')?.trim().split(/\s+/) ?? [];
  return {
    pid,
    name: unescapeName(field('Name') ?? ''),
    ppid: first('PPid') ?? 0,
    uid: first('Uid') ?? -1,
    gid: first('Gid') ?? -1,
    nspid: Number(nspids[nspids.length - 1] ?? pid),
    threads: first('Threads'),
    vmRssBytes: kib('VmRSS'),
    rssAnonBytes: kib('RssAnon'),
    rssShmemBytes: kib('RssShmem'),
    swapBytes: kib('VmSwap'),
    catchesSigquit: (parseMask(field('SigCgt')) & SIGQUIT_BIT) !== 0n,
  };
}

const parseMask = (hex: string | null): bigint => (hex !== null && /^[0-9a-f]+$/i.test(hex) ? BigInt(`0x${hex}`) : 0n);

/** The kernel writes \n and \\ in Name as escapes (fs/proc/array.c). */
const unescapeName = (name: string): string => name.replace(/\\([n\\])/g, (_, c: string) => (c === 'n' ? '\n' : c));

/** null: there is no such process (any more). */
export function readStatus(procRoot: string, pid: number): ReturnType<typeof parseStatus> | null {
  const text = readText(`${procRoot}/${pid}/status`, readRecord);
  return text === null ? null : parseStatus(text);
}

/** The used values of /proc/PID/stat. */
export interface ProcessStat {
  /** Field 2, the name of the command. */
  readonly name: string;
  /** Field 3: Z (zombie) or X where it has ended. */
  readonly state: string;
  /** Field 22, the start of the process in clock ticks after boot. */
  readonly startTicks: number;
}

/** null: the text has no start time. Pure. Source: proc_pid_stat(5). */
export function parseStat(text: string): ProcessStat | null {
  // The name is in parentheses and may contain any character, even parentheses. It ends at the last one; field 3 follows it.
  const end = text.lastIndexOf(')');
  let at = end + 1;
  for (let field = 3; field < 22; field++) at = text.indexOf(' ', at + 1);
  const startTicks = text.slice(at + 1, text.indexOf(' ', at + 1));
  // A start that is no number would differ from itself, and so from every start that was read before.
  return /^\d{1,15}$/.test(startTicks)
    ? { name: text.slice(text.indexOf('(') + 1, end), state: text.charAt(end + 2), startTicks: Number(startTicks) }
    : null;
}

/** null: there is no such process (any more). */
export function readStat(procRoot: string, pid: number): ProcessStat | null {
  const text = readText(`${procRoot}/${pid}/stat`, readRecord);
  return text === null ? null : parseStat(text);
}

/** The start identifies a process, together with the pid; null: the process has ended. */
export const readStartTicks = (procRoot: string, pid: number): number | null => readStat(procRoot, pid)?.startTicks ?? null;

/** The command line of a process, the command first; empty if the process has ended or hides it. */
export function readArguments(procRoot: string, pid: number): string[] {
  try {
    return (readText(join(procRoot, String(pid), 'cmdline')) ?? '').split('\0');
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

/** All visible pids, ascending. */
export function listPids(procRoot: string): number[] {
  return readdirSync(procRoot)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Number of CPUs online on the node: the cpuN lines of /proc/stat. The cpuset and quota of a container do not matter, because the kernel
 * keeps charge batches on every CPU of the node.
 */
export function onlineCpus(procRoot: string): number {
  const lines = readText(join(procRoot, 'stat'))?.match(/^cpu\d+ /gm) ?? [];
  return Math.max(1, lines.length);
}

/** How many descriptors the process has room for, a bound of their numbers; 0: it has ended. Source: FDSize of proc_pid_status(5). */
export const descriptorSlots = (procRoot: string, pid: number): number =>
  Number(/^FDSize:\s*(\d+)/m.exec(readText(join(procRoot, String(pid), 'status'), readRecord) ?? '')?.[1] ?? 0);
