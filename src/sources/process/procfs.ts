import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { plausible } from '../../plausible.ts';
import { KIB } from '../../units.ts';
import { isDenied, readRecord, readText } from './read-text.ts';

/** What is used of /proc/PID/status; sizes in bytes, null where the kernel does not give them (kernel threads, zombies). */
export interface Status {
  readonly name: string;
  readonly ppid: number;
  /** Real uid and gid. */
  readonly uid: number;
  readonly gid: number;
  /** pid in the innermost namespace; the pid itself before Linux 4.1. */
  readonly nspid: number;
  readonly threads: number | null;
  readonly vmRssBytes: number | null;
  readonly rssAnonBytes: number | null;
  readonly swapBytes: number | null;
  /** True if the process catches SIGQUIT: only then may a JVM be asked to attach, else the signal kills it. */
  readonly catchesSigquit: boolean;
}

const SIGQUIT_BIT = 1n << 2n; // signal 3, bits count from 0

/** Pure. Fields that are missing are null. Source: proc_pid_status(5). */
export function parseStatus(text: string): Status & { readonly pid: number } {
  // Not a regular expression a key: this is read at every tick, and of every process that there is.
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

/** What is used of /proc/PID/stat. */
export interface ProcessStat {
  /** Field 2, the name of the command. */
  readonly name: string;
  /** Field 22, clock ticks after boot at which the process began. */
  readonly startTicks: number;
}

/** Pure. Source: proc_pid_stat(5). */
export function parseStat(text: string): ProcessStat {
  // The name stands in parentheses and may hold any character, parentheses too. It ends at the last one, behind which field 3 stands.
  const end = text.lastIndexOf(')');
  let at = end + 1;
  for (let field = 3; field < 22; field++) at = text.indexOf(' ', at + 1);
  return { name: text.slice(text.indexOf('(') + 1, end), startTicks: Number(text.slice(at + 1, text.indexOf(' ', at + 1))) };
}

/** null: there is no such process (any more). */
export function readStat(procRoot: string, pid: number): ProcessStat | null {
  const text = readText(`${procRoot}/${pid}/stat`, readRecord);
  return text === null ? null : parseStat(text);
}

/** With the pid, the start identifies a process. null: gone. */
export const readStartTicks = (procRoot: string, pid: number): number | null => readStat(procRoot, pid)?.startTicks ?? null;

/** The words of a process's command line, the command first; none where it is gone or hidden. */
export function readArguments(procRoot: string, pid: number): string[] {
  try {
    return (readText(join(procRoot, String(pid), 'cmdline')) ?? '').split('\0');
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

/** All pids that can be seen, ascending. */
export function listPids(procRoot: string): number[] {
  return readdirSync(procRoot)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * CPUs online on the node: the cpuN lines of /proc/stat. Neither the cpuset nor the quota of a container counts here, since the kernel
 * keeps its charge batches on every CPU that there is.
 */
export function onlineCpus(procRoot: string): number {
  const lines = readText(join(procRoot, 'stat'))?.match(/^cpu\d+ /gm) ?? [];
  return Math.max(1, lines.length);
}
