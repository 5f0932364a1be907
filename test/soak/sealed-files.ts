import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Sealed {
  readonly mtimeMs: number;
  readonly bytes: number;
  readonly startS: number;
  /** Time of its last row: in a merged one that of the first sample which the row covers. */
  readonly lastRowS: number;
  readonly endS: number;
}

/** Follows the files of one data folder: a sealed one stays as it is, until a coarser one has its rows, it is too old, or it is set aside. */
export class SealedFiles {
  readonly #known = new Map<string, Sealed>();
  readonly #dir: string;
  readonly #keepS: number;
  readonly #maxBytes: number;

  constructor(dir: string, limits: { readonly keepS: number; readonly maxBytes: number }) {
    this.#dir = dir;
    this.#keepS = limits.keepS;
    this.#maxBytes = limits.maxBytes;
  }

  get count(): number {
    return this.#known.size;
  }

  forget(name?: string): void {
    if (name === undefined) this.#known.clear();
    else this.#known.delete(name);
  }

  /** Looks at all files. A folder that cannot be read, because a file stands in its place, shows nothing. */
  check(): void {
    const folder = this.#folder();
    if (folder === null) return;
    const all = readdirSync(folder);
    const names = all.filter((name) => /^\d+(\.\w+)?\.json$/.test(name));
    const open = names
      .filter((name) => !isMerged(name))
      .sort((a, b) => startOf(a) - startOf(b))
      .at(-1);
    let bytes = 0;
    for (const name of all) bytes += statSync(join(folder, name)).size;
    assert.ok(bytes <= this.#maxBytes, `${all.length} files have ${bytes} bytes: ${all.slice(0, 5)} ...`);
    const now = new Map<string, Sealed>();
    for (const name of names) {
      if (name === open) continue;
      const known = this.#known.get(name);
      if (lstatSync(join(folder, name)).isSymbolicLink()) {
        if (known !== undefined) now.set(name, known); // it cannot be read for a while
        continue;
      }
      const { mtimeMs, size } = statSync(join(folder, name));
      if (known === undefined) now.set(name, { mtimeMs, bytes: size, ...spanOf(join(folder, name)) });
      else {
        // A copy of the folder has its times in milliseconds.
        assert.ok(Math.abs(known.mtimeMs - mtimeMs) < 2 && known.bytes === size, `${name} was sealed and has changed`);
        now.set(name, known);
      }
    }
    const newestS = open === undefined ? 0 : spanOf(join(folder, open)).endS;
    for (const [name, { startS, lastRowS, endS }] of this.#known) {
      if (now.has(name) || name === open) continue;
      const setAside = all.some((other) => other.startsWith(`${name}.`));
      const merged = [...now].some(([, by]) => by.startS <= startS + 1e-3 && by.endS >= endS - 1e-3);
      // A raw one goes as a whole when its first row is too old. Of a merged one another one has the newer rows then.
      const rest = [...now.values()].some((other) => other.startS > startS && other.startS <= endS && other.endS >= endS - 1e-3);
      const tooOld = newestS - startS > this.#keepS && (!isMerged(name) || newestS - lastRowS > this.#keepS || rest);
      const makesRoom = bytes > this.#maxBytes * 0.5 && [...now.values()].every((other) => other.endS >= endS);
      assert.ok(
        setAside || merged || tooOld || makesRoom,
        `${name} (${startS} to ${endS}) was sealed and is lost; left: ${JSON.stringify([...now])} ${all}`,
      );
    }
    this.#known.clear();
    for (const [name, sealed] of now) this.#known.set(name, sealed);
  }

  #folder(): string | null {
    try {
      const [key] = readdirSync(this.#dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      return key === undefined ? null : join(this.#dir, key.name);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
      throw error;
    }
  }
}

const isMerged = (name: string): boolean => /\.(1m|15m|2h)\./.test(name);
const startOf = (name: string): number => Number.parseInt(name, 10) / 1000;

function spanOf(path: string): Pick<Sealed, 'startS' | 'lastRowS' | 'endS'> {
  const startS = startOf(path.slice(path.lastIndexOf('/') + 1));
  try {
    const { t, until } = JSON.parse(readFileSync(path, 'utf8')) as { t?: number[]; until?: number | null };
    const lastRowS = t?.at(-1) ?? startS;
    return { startS, lastRowS, endS: until ?? lastRowS };
  } catch (error) {
    if (error instanceof SyntaxError) return { startS, lastRowS: startS, endS: startS }; // its bit has flipped
    throw error;
  }
}
