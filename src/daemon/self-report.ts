import { readFileSync } from 'node:fs';
import type { ScheduleState } from '../sample/schedule.ts';
import { KIB } from '../units.ts';
import type { SelfTrend } from './self-trend.ts';

export interface SelfInput {
  readonly everySeconds: number;
  readonly schedule: ScheduleState | null;
  readonly store: object;
  readonly trend: SelfTrend;
}

/** memhound's own memory by parts, CPU and ticks. Sizes are in bytes; null: the kernel reports no value. */
export function selfReport(input: SelfInput): Readonly<Record<string, unknown>> {
  const status = selfStatus();
  const cpu = process.cpuUsage();
  const uptimeSeconds = process.uptime(); // monotonic: not changed when the clock is set
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  return {
    uptimeSeconds,
    rssBytes: status.VmRSS ?? null,
    anonBytes: status.RssAnon ?? null,
    fileBytes: status.RssFile ?? null,
    ledger: selfLedger(status),
    trend: input.trend,
    cpuSeconds,
    cpuShare: uptimeSeconds > 0 ? cpuSeconds / uptimeSeconds : null,
    writtenBytes: selfWrittenBytes(),
    everySeconds: input.everySeconds,
    ticks: input.schedule?.ticks ?? 0,
    missedTicks: input.schedule?.missed ?? 0,
    lateTicks: input.schedule?.late ?? 0,
    history: input.store,
    node: process.version,
  };
}

/** Divides the resident set into named parts. Memory that V8 has reserved but not touched is not resident, so V8's part is an upper bound. */
function selfLedger(
  status: Readonly<Record<string, number>>,
): readonly { readonly name: string; readonly bytes: number }[] | null {
  const { RssAnon: anon, RssFile: file, RssShmem: shmem } = status;
  if (anon === undefined || file === undefined) return null;
  const { heapTotal, external } = process.memoryUsage();
  const heap = Math.min(heapTotal, anon);
  const buffers = Math.min(external, anon - heap);
  return [
    { name: 'objects and code (V8)', bytes: heap },
    { name: 'buffers, the history among them', bytes: buffers },
    { name: 'native memory', bytes: anon - heap - buffers },
    { name: "node's binary and libraries, shared by all pods of the node", bytes: file },
    { name: 'shared memory', bytes: shmem ?? 0 },
  ];
}

/** For `SelfTrendMonitor` and `MemoryTrimmer`. */
export const selfAnonBytes = (): number | null => selfStatus().RssAnon ?? null;

const SIZES = ['VmRSS', 'RssAnon', 'RssFile', 'RssShmem'] as const;

function selfStatus(): Record<string, number> {
  const text = readSelfFile('status');
  const sizes: Record<string, number> = {};
  for (const key of SIZES) {
    const at = text.indexOf(`\n${key}:`);
    // parseInt skips the blanks before a number and stops after it.
    if (at >= 0) sizes[key] = Number.parseInt(text.slice(at + key.length + 2, at + key.length + 26), 10) * KIB;
  }
  return sizes;
}

function selfWrittenBytes(): number | null {
  const bytes = /^write_bytes: (\d+)$/m.exec(readSelfFile('io'))?.[1];
  return bytes === undefined ? null : Number(bytes);
}

/** Only Linux has these files, and some hardened systems hide `io`. Then the values are null. */
function readSelfFile(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM') return '';
    throw error;
  }
}
