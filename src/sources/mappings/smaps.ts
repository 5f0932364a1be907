import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { KIB, MIB } from '../../units.ts';
import { readStartTicks } from '../process/procfs.ts';
import { isAbsence, isDenied } from '../process/read-text.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { MAX_MAPPINGS, type Mapping, SmapsParser } from './smaps-format.ts';

export { type Mapping, parseSmaps } from './smaps-format.ts';

export interface SmapsReading {
  readonly mappings: readonly Mapping[];
  /** Time inside read(2), ms. The JVM may have waited this long, in parts. For `SmapsBudget.record`. */
  readonly costMs: number;
}

/** A longer text has more mappings than can be summed. The read fails then, because a part would look like the whole. */
const MAX_BYTES = 256 * MIB;

/**
 * Reads /proc/PID/smaps in pieces, off the main thread. The kernel releases the mmap lock between two pieces. The read stops after a piece
 * when `timeoutMs` has passed. It needs the target's uid and gid (PTRACE_MODE_READ).
 */
export async function readSmaps(
  { roots, process }: { readonly roots: Roots; readonly process: ProcessRef },
  timeoutMs = 2000,
): Promise<Reading<SmapsReading>> {
  const atMs = Date.now();
  const parser = new SmapsParser();
  const pieceMs: number[] = [];
  let waitedMs = 0;
  try {
    const file = await open(join(roots.proc, String(process.pid), 'smaps'), 'r');
    try {
      if (readStartTicks(roots.proc, process.pid) !== process.startTicks)
        return { state: 'absent', reason: `pid ${process.pid} is another process by now` };
      const buffer = Buffer.allocUnsafe(64 * KIB);
      for (let total = 0; total < MAX_BYTES; ) {
        const began = performance.now();
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
        pieceMs.push(performance.now() - began);
        waitedMs += pieceMs.at(-1)!;
        if (parser.full) break;
        if (bytesRead === 0) return { state: 'read', value: { mappings: parser.mappings, costMs: costOf(pieceMs) }, atMs };
        parser.push(buffer.toString('latin1', 0, bytesRead));
        total += bytesRead;
        if (waitedMs > timeoutMs)
          return {
            state: 'failed',
            error: `smaps of pid ${process.pid}: not read within ${timeoutMs} ms, after ${parser.mappings.length} mappings`,
            remediation: null,
          };
      }
      return {
        state: 'failed',
        error: `smaps of pid ${process.pid}: expected at most ${MAX_MAPPINGS} mappings and ${MAX_BYTES / MIB} MiB of text, found more`,
        remediation: null,
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

/** The maximum that a piece may count. A piece that took much longer than the others waited for a CPU, not for the page tables. */
const MAX_OF_MEDIAN = 4;

/** Total time of the pieces, ms. */
function costOf(pieceMs: readonly number[]): number {
  const median = [...pieceMs].sort((a, b) => a - b)[pieceMs.length >> 1] ?? 0;
  return pieceMs.reduce((sum, ms) => sum + Math.min(ms, MAX_OF_MEDIAN * median), 0);
}
