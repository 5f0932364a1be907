import { lstatSync, readdirSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeManifest, ManifestError } from '../manifest/yaml-text.ts';
import { MIB } from '../units.ts';
import { readBounded, readStandardInput, TooLongError } from './read-bounded.ts';

/** Maximum size of all manifests of a call. */
const MAX_MANIFEST_BYTES = 16 * MIB;
export const STANDARD_INPUT = '-';

export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

/** A file that cannot be used, by its name. */
export class ManifestFileError extends Error {
  readonly file: string;
  constructor(file: string, message: string) {
    super(message);
    this.file = file;
  }
}

/** The manifests that these names mean: a file, a folder with all below it, or - for standard input. @throws ManifestFileError */
export async function readManifests(names: readonly string[]): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  let left = MAX_MANIFEST_BYTES;
  const add = (name: string, bytes: Uint8Array, named: boolean): void => {
    left -= bytes.length;
    const text = decoded(name, bytes);
    // A folder holds other files too; a manifest names its kind.
    if (named || /\bkind\b/.test(text)) files.push({ name, text });
  };
  for (const name of names) {
    if (name === STANDARD_INPUT) {
      add(name, await readStandardInput(left).catch((error) => refuse(name, 'read', error)), true);
      continue;
    }
    const isFolder = attempt(name, 'read', () => statSync(name).isDirectory());
    const found = isFolder ? attempt(name, 'read', () => manifestsBelow(name)) : [name];
    if (found.length === 0) throw new ManifestFileError(name, 'expected files that end in .yaml, .yml or .json, found none');
    for (const file of found) add(file, readManifestFile(file, left), !isFolder);
  }
  return files;
}

/** @throws ManifestFileError */
export const readManifestFile = (file: string, most = MAX_MANIFEST_BYTES): Buffer =>
  attempt(file, 'read', () => readBounded(file, most));

/** Replaces a file in one step. Its rights stay, and a link stays a link. @throws ManifestFileError */
export function replaceFile({ name }: ManifestFile, text: string): void {
  attempt(name, 'written', () => {
    const path = realpathSync(name);
    const unfinished = `${path}.${process.pid}.tmp`;
    writeFileSync(unfinished, text, { mode: statSync(path).mode, flag: 'wx' });
    renameSync(unfinished, path);
  });
}

function decoded(name: string, bytes: Uint8Array): string {
  try {
    return decodeManifest(bytes);
  } catch (error) {
    if (error instanceof ManifestError) throw new ManifestFileError(name, error.message);
    throw error;
  }
}

function attempt<T>(name: string, done: 'read' | 'written', act: () => T): T {
  try {
    return act();
  } catch (error) {
    refuse(name, done, error);
  }
}

function refuse(name: string, done: 'read' | 'written', error: unknown): never {
  if (error instanceof TooLongError)
    throw new ManifestFileError(name, `expected at most ${MAX_MANIFEST_BYTES / MIB} MiB, found more`);
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  throw new ManifestFileError(name, `cannot be ${done} (${code})`);
}

/** Hidden folders and packages hold no manifests of the user's. Links are not followed. */
function manifestsBelow(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((entry) => {
      const path = join(folder, entry);
      const stat = lstatSync(path);
      if (stat.isDirectory()) return entry.startsWith('.') || entry === 'node_modules' ? [] : manifestsBelow(path);
      return stat.isFile() && /\.(?:ya?ml|json)$/i.test(entry) ? [path] : [];
    });
}
