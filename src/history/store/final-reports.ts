import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonFile } from './json-file.ts';

/** The last word on a container that died. `verdict` is kept as it was said. */
export interface Obituary<V = unknown> {
  readonly atMs: number;
  readonly verdict: V;
  readonly lastHour?: unknown;
}

const NAME = 'obituaries.json';

export async function loadObituaries(dir: string): Promise<Obituary[]> {
  try {
    const list: unknown = JSON.parse(await readFile(join(dir, NAME), 'utf8'));
    return Array.isArray(list) ? (list as Obituary[]) : [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return [];
    throw error;
  }
}

export const saveObituaries = (dir: string, list: Obituary[]): Promise<void> => jsonFile(join(dir, NAME), list).write();
