import { join } from 'node:path';
import { parseReadings } from '../parse-readings.ts';
import type { StoredReadings } from '../stored-readings.ts';
import { openJsonFile } from './json-file.ts';
import { readRegularFile } from './regular-file.ts';

const FILE_NAME = 'readings.json';

/** null: there are none, or the file is not memhound's. */
export function loadReadings(dir: string): StoredReadings | null {
  try {
    return parseReadings(readRegularFile(join(dir, FILE_NAME)).toString('utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === undefined) return null; // no code: no regular file
    throw error;
  }
}

export const saveReadings = (dir: string, readings: StoredReadings): Promise<void> =>
  openJsonFile(join(dir, FILE_NAME), readings).write();
