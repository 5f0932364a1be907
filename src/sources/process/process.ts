import { FIELDS, type FieldRow, type FieldValues, withoutNulls } from '../../fields.ts';
import { plausible } from '../../plausible.ts';
import { KIB } from '../../units.ts';
import type { ProcessRef, Reading, Roots, Source } from '../types.ts';
import { readStartTicks } from './procfs.ts';
import { isDenied, readRecord, readText } from './read-text.ts';

export interface ProcessReader extends Source<FieldValues> {
  /** The raw text of /proc/PID/status, for `memhound capture`; null: the file does not exist. */
  rawStatus(): string | null;
}

/** Reads one process repeatedly. No descriptor is kept open, because a descriptor of /proc/PID would not show another process of the same pid. */
export function openProcess({ roots, process }: { readonly roots: Roots; readonly process: ProcessRef }): ProcessReader {
  const { pid, startTicks, uid, gid } = process;
  const file = `${roots.proc}/${pid}/status`;
  const rawStatus = (): string | null => readText(file, readRecord);
  return {
    name: 'procfs',
    read(nowMs): Reading<FieldValues> {
      try {
        const text = rawStatus();
        // A process that has ended uses no memory. It stays visible as a zombie until its parent has waited for it.
        if (text === null || !text.includes('\nVmRSS:') || readStartTicks(roots.proc, pid) !== startTicks)
          return { state: 'absent', reason: `pid ${pid} has ended` };
        return { state: 'read', value: processValues(text), atMs: nowMs };
      } catch (error) {
        if (isDenied(error))
          return {
            state: 'failed',
            error: `${file}: permission denied`,
            remediation: `run memhound as uid ${uid}, gid ${gid}, and mount /proc without hidepid`,
          };
        return { state: 'failed', error: `${file}: ${(error as Error).message}`, remediation: null };
      }
    },
    rawStatus,
    close() {},
  };
}

const STATUS_FIELDS: readonly { readonly row: FieldRow; readonly label: string }[] = FIELDS.flatMap((row: FieldRow) =>
  row.status === null ? [] : [{ row, label: `\n${row.status}:` }],
);

/**
 * The fields in the text of /proc/PID/status, whose sizes are in kB. Fields that the kernel does not report (VmRSS of a zombie), and impossible values, are missing.
 * It uses no regular expression for each field, because it runs at every tick. Source: proc_pid_status(5).
 */
export const processValues = (status: string): FieldValues =>
  withoutNulls(
    Object.fromEntries(
      STATUS_FIELDS.map(({ row, label }) => {
        const value = numberAfter(status, label);
        return [row.id, value === null ? null : plausible(row.unit === 'bytes' ? value * KIB : value)];
      }),
    ),
  );

/** parseInt skips blanks before a number and stops after it. */
function numberAfter(text: string, label: string): number | null {
  const at = text.indexOf(label);
  const number = at < 0 ? Number.NaN : Number.parseInt(text.slice(at + label.length, at + label.length + 24), 10);
  return Number.isNaN(number) ? null : number;
}
