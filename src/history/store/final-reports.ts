import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openJsonFile } from './json-file.ts';
import { readRegularFile } from './regular-file.ts';

/** The last verdict of a container instance that exited, with its last ledger and its last hour, all stored as they were published. */
export interface FinalReport<V = unknown> {
  readonly atMs: number;
  readonly verdict: V;
  /** Absent in a report of a version before 0.3, null if the last sample was not read. */
  readonly ledger?: unknown;
  readonly lastHour?: unknown;
}

/** What a stored verdict says of its target; null where the version that wrote it did not. */
export interface ReportedTarget {
  readonly id: string | null;
  readonly container: string | null;
  readonly name: string | null;
  readonly cgroupPath: string | null;
}

export function reportedTarget({ verdict }: FinalReport): ReportedTarget {
  const target = recordOf(recordOf(verdict).target);
  return {
    id: textOf(target.id),
    container: textOf(target.container),
    name: textOf(target.name),
    cgroupPath: textOf(recordOf(target.cgroup).path),
  };
}

/** Whether the OOM killer ended it; null where the version that wrote it did not say. */
export const reportedOomKill = ({ verdict }: FinalReport): string | null => textOf(recordOf(recordOf(verdict).ended).oomKilled);

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const FILE_NAME = 'final-reports.json';
/** Name of the file in 0.1.0. It is read if the new file does not exist, and deleted at the first save. */
const FORMER_NAME = 'obituaries.json';

export async function loadFinalReports(dir: string): Promise<FinalReport[]> {
  return (await readList(join(dir, FILE_NAME))) ?? (await readList(join(dir, FORMER_NAME))) ?? [];
}

/** null: there is no such file. A file that is not a list counts as empty, and the next save replaces it. */
async function readList(path: string): Promise<FinalReport[] | null> {
  try {
    const list: unknown = JSON.parse(readRegularFile(path).toString('utf8'));
    return Array.isArray(list) ? (list as FinalReport[]) : [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === undefined) return []; // no JSON, or no regular file
    throw error;
  }
}

export async function saveFinalReports(dir: string, list: FinalReport[]): Promise<void> {
  await openJsonFile(join(dir, FILE_NAME), list).write();
  await rm(join(dir, FORMER_NAME), { force: true });
}
