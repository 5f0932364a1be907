import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSegmentName } from './segment-files.ts';

interface SetAside {
  readonly path: string;
  readonly bytes: number;
}

/** The files of a folder that are not part of its history: reports, readings, and segments that were set aside. They count towards --max-disk, too. */
export interface FilesBeside {
  readonly bytes: number;
  /** In order of the time at which they were set aside. */
  readonly setAside: readonly SetAside[];
}

const SET_ASIDE = /\.json\.(?:broken|ahead)-(\d+)$/;
const timeOf = (path: string): number => Number(SET_ASIDE.exec(path)?.[1] ?? 0);

/** @throws ENOENT */
export async function filesBeside(dir: string): Promise<FilesBeside> {
  const setAside: SetAside[] = [];
  let bytes = 0;
  for (const name of await readdir(dir)) {
    if (isSegmentName(name)) continue;
    const path = join(dir, name);
    const { size } = await stat(path);
    bytes += size;
    if (SET_ASIDE.test(name)) setAside.push({ path, bytes: size });
  }
  return { bytes, setAside: setAside.sort((a, b) => timeOf(a.path) - timeOf(b.path)) };
}
