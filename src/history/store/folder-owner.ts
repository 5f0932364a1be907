import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetIdentity } from '../../sources/types.ts';
import { openJsonFile } from './json-file.ts';
import { readRegularFile } from './regular-file.ts';
import { readSealedSegment, segmentNames } from './segment-files.ts';

/** The owner of a folder's history. */
export interface FolderOwner {
  readonly identity: TargetIdentity;
  /** `instanceOf` the process of its newest samples, which is also their epoch. */
  readonly instance: string;
}

/** A folder below --data. Owner and epoch are null if they are not known: version 0.1 wrote no owner. */
export interface StoredFolder {
  readonly key: string;
  readonly identity: TargetIdentity | null;
  readonly instance: string | null;
}

const FILE_NAME = 'target.json';

export const saveFolderOwner = (dir: string, owner: FolderOwner): Promise<void> =>
  openJsonFile(join(dir, FILE_NAME), owner).write();

/** The folders with a history below `dir`; none if it does not exist or cannot be read, which the store reports when it is opened. */
export async function readStoredFolders(dir: string | null): Promise<StoredFolder[]> {
  if (dir === null) return [];
  let names: string[];
  try {
    names = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (UNREADABLE.has((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  const folders: StoredFolder[] = [];
  for (const key of names.sort()) {
    const folder = await readFolder(join(dir, key), key);
    if (folder !== null) folders.push(folder);
  }
  return folders;
}

const UNREADABLE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EIO']);

/** null: it contains no history. */
async function readFolder(dir: string, key: string): Promise<StoredFolder | null> {
  try {
    const owner = parseOwner(readRegularFile(join(dir, FILE_NAME)).toString('utf8'));
    if (owner !== null) return { key, ...owner };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && !UNREADABLE.has(code)) throw error; // no code: no regular file, so not memhound's
  }
  try {
    const newest = (await segmentNames(dir)).at(-1);
    return newest === undefined ? null : { key, identity: null, instance: epochOf(join(dir, newest)) };
  } catch (error) {
    if (UNREADABLE.has((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** null: memhound did not write this file. */
function parseOwner(text: string): FolderOwner | null {
  let json: { readonly identity?: Partial<TargetIdentity>; readonly instance?: unknown } | null;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const { kind, source, name, mainClass } = json?.identity ?? {};
  const { instance } = json ?? {};
  if (!KINDS.has(kind ?? '') || typeof source !== 'string' || typeof name !== 'string' || typeof instance !== 'string')
    return null;
  return { identity: { kind: kind!, source, name, mainClass: typeof mainClass === 'string' ? mainClass : null }, instance };
}

const KINDS: ReadonlySet<string> = new Set<TargetIdentity['kind']>(['jvm', 'process', 'cgroup']);

/** null: the segment cannot be read. Loading the folder quarantines it and reports it. */
function epochOf(path: string): string | null {
  try {
    return readSealedSegment(path).segment.epoch;
  } catch {
    return null;
  }
}
