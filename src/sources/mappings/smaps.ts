import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { cpuUsage } from 'node:process';
import { KIB, MIB } from '../../units.ts';
import { ownLimit } from '../process/own-limit.ts';
import { readStartTicks } from '../process/procfs.ts';
import { isAbsence, isDenied } from '../process/read-text.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { type Mapping, mostMappings, SmapsParser } from './smaps-format.ts';

export { type Mapping, parseSmaps } from './smaps-format.ts';

export interface SmapsReading {
  readonly mappings: readonly Mapping[];
  /** CPU time inside read(2), ms. The JVM may have waited this long, in parts. For `SmapsBudget.record`. */
  readonly costMs: number;
}

/** A longer text has more mappings than can be summed. The read fails then, because a part would look like the whole. */
const MAX_BYTES = 256 * MIB;
const MICROSECONDS_PER_MS = 1000;

/**
 * Reads /proc/PID/smaps in pieces, off the main thread. The kernel releases the mmap lock between two pieces. The read stops after a piece
 * when `timeoutMs` has passed. It needs the target's uid and gid (PTRACE_MODE_READ).
 */
export async function readSmaps(
  { roots, process }: { readonly roots: Roots; readonly process: ProcessRef },
  timeoutMs = 2000,
): Promise<Reading<SmapsReading>> {
  const atMs = Date.now();
  const most = mostMappings(ownLimit());
  const parser = new SmapsParser(most);
  let usedMs = 0;
  try {
    const file = await open(join(roots.proc, String(process.pid), 'smaps'), 'r');
    try {
      if (readStartTicks(roots.proc, process.pid) !== process.startTicks)
        return { state: 'absent', reason: `pid ${process.pid} is another process by now` };
      const buffer = Buffer.allocUnsafe(64 * KIB);
      for (let total = 0; total < MAX_BYTES; ) {
        const [began, cpu] = [performance.now(), cpuUsage()];
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
        // On a busy machine most of the time is a wait for a CPU. Only the walk through the page tables is work.
        usedMs += Math.min(performance.now() - began, cpuUsage(cpu).system / MICROSECONDS_PER_MS);
        if (parser.full) break;
        if (bytesRead === 0) return { state: 'read', value: { mappings: parser.mappings, costMs: usedMs }, atMs };
        parser.push(buffer.toString('latin1', 0, bytesRead));
        total += bytesRead;
        if (usedMs > timeoutMs)
          return {
            state: 'failed',
            error: `smaps of pid ${process.pid}: not read within ${timeoutMs} ms of CPU time, after ${parser.mappings.length} mappings`,
            remediation: null,
          };
      }
      return {
        state: 'failed',
        error: `smaps of pid ${process.pid}: expected at most ${most} mappings, for which memhound's own memory limit suffices, and ${MAX_BYTES / MIB} MiB of text, found more`,
        remediation: 'a limit of 128 MiB suffices for 65,530 mappings, the most that a process has by default (vm.max_map_count)',
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isAbsence(error)) return { state: 'absent', reason: `pid ${process.pid} has ended` };
    if (isDenied(error))
      return {
        state: 'failed',
        error: `smaps of pid ${process.pid} may not be read: expected to run as its user`,
        remediation: `run memhound as uid ${process.uid}, gid ${process.gid}`,
      };
    return { state: 'failed', error: `smaps of pid ${process.pid}: ${(error as Error).message}`, remediation: null };
  }
}
