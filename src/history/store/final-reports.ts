import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openJsonFile } from './json-file.ts';

/** The last word on a container that died. `verdict` is kept as it was said. */
export interface FinalReport<V = unknown> {
  readonly atMs: number;
  readonly verdict: V;
  readonly lastHour?: unknown;
}

const FILE_NAME = 'obituaries.json';

export async function loadFinalReports(dir: string): Promise<FinalReport[]> {
  try {
    const list: unknown = JSON.parse(await readFile(join(dir, FILE_NAME), 'utf8'));
    return Array.isArray(list) ? (list as FinalReport[]) : [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return [];
    throw error;
  }
}

export const saveFinalReports = (dir: string, list: FinalReport[]): Promise<void> =>
  openJsonFile(join(dir, FILE_NAME), list).write();
