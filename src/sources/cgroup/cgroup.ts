import { basename, dirname, join } from 'node:path';
import type { FieldValues } from '../../fields.ts';
import { isDenied, readRecord } from '../process/read-text.ts';
import type { CgroupReading, CgroupRef, Limit, Reading, Source } from '../types.ts';
import { readCgroupText } from './cgroup-files.ts';
import { parseCgroupV1, V1_FILES } from './cgroup-v1.ts';
import { parseCgroupV2, V2_FILES } from './cgroup-v2.ts';
import { ParseError, Problems, parseLimit, tighter } from './flat-keyed.ts';
import { KeptFiles } from './kept-file.ts';
import { LIMIT_FILES, limitFilesAbove } from './limits-above.ts';
import { heldOfSharedLimit } from './shared-limit.ts';

type Texts = Readonly<Record<string, string>>;

/** absent: the group no longer exists. failed: access is denied, or a file has an unknown format. */
export interface CgroupReader extends Source<CgroupReading> {
  /** The raw texts by file name, for `memhound capture`. */
  rawFiles(): Record<string, string>;
}

/** Reads one memory cgroup repeatedly. */
export function openCgroup(ref: CgroupRef): CgroupReader {
  const names = ref.version === 1 ? V1_FILES : V2_FILES;
  const files = new KeptFiles();
  const parse = ref.version === 1 ? parseCgroupV1 : parseCgroupV2;
  const ancestors = limitFilesAbove(ref);

  /** The files of a group above, or below one above. It may end at any time. */
  const valuesOf = (dir: string): FieldValues | null => {
    const texts: Record<string, string> = {};
    for (const name of HELD_FILES[ref.version]) {
      const text = readCgroupText(join(dir, name));
      if (text !== null) texts[name] = text;
    }
    return texts['memory.stat'] === undefined ? null : parse(texts).values;
  };

  const rawFiles = (): Record<string, string> => {
    const texts: Record<string, string> = {};
    for (const name of names) {
      const text = files.read(`${ref.dir}/${name}`, RECORD);
      if (text !== null) texts[name] = text;
    }
    return texts;
  };

  /** The tightest limit, and what others hold of it if it is that of a group above. */
  const sharedLimit = (texts: Texts, { values }: CgroupReading, problems: Problems) => {
    const file = LIMIT_FILES[ref.version];
    // Its problem is one of the reading already.
    const own = new Problems().attempt(file, () => (texts[file] === undefined ? null : parseLimit(file, texts[file])));
    const { limitBytes, dir } = tightest(files, own, ancestors, problems);
    if (dir === null) return { limitBytes, shared: {} };
    const shared = problems.attempt(dir, () => heldOfSharedLimit(values, { dir, valuesOf, version: ref.version }));
    return { limitBytes, shared: shared ?? {} };
  };

  const read = (nowMs: number): Reading<CgroupReading> => {
    try {
      const texts = rawFiles();
      if (texts['memory.stat'] === undefined)
        return { state: 'absent', reason: `${ref.dir} has no memory.stat any more: the container has ended` };
      const reading = parse(texts);
      const above = new Problems();
      const { limitBytes, shared } = sharedLimit(texts, reading, above);
      return {
        state: 'read',
        value: {
          ...reading,
          values: { ...reading.values, ...shared },
          limitBytes: tighter(limitBytes, reading.limitBytes),
          problems: above.list.length === 0 ? reading.problems : [...reading.problems, ...above.list],
        },
        atMs: nowMs,
      };
    } catch (error) {
      if (isDenied(error))
        return {
          state: 'failed',
          error: `${ref.dir}: permission denied`,
          remediation: 'run memhound with the uid and gid of the app',
        };
      return {
        state: 'failed',
        error: `${ref.dir}: ${(error as Error).message}`,
        remediation: error instanceof ParseError ? `see whether the files are the kernel's: cat ${ref.dir}/memory.stat` : null,
      };
    }
  };

  return {
    name: 'cgroup',
    read,
    rawFiles,
    close() {
      files.close();
    },
  };
}

/** Each of these files is written in one piece. */
const RECORD = { read: readRecord };

/** The files that say what of a group cannot be reclaimed. */
const HELD_FILES = {
  1: ['memory.stat', 'memory.usage_in_bytes', 'memory.kmem.usage_in_bytes'],
  2: ['memory.stat', 'memory.current'],
} as const;

/** The tightest limit, and the group above that has it; null: it is the container's own. */
function tightest(
  files: KeptFiles,
  own: Limit,
  ancestors: readonly string[],
  problems: Problems,
): { readonly limitBytes: Limit; readonly dir: string | null } {
  let found: { readonly limitBytes: Limit; readonly dir: string | null } = { limitBytes: own, dir: null };
  for (const file of ancestors) {
    const limit = problems.attempt(file, () => {
      const text = files.read(file, RECORD);
      return text === null ? null : parseLimit(basename(file), text);
    });
    if (typeof limit === 'number' && (typeof found.limitBytes !== 'number' || limit < found.limitBytes))
      found = { limitBytes: limit, dir: dirname(file) };
  }
  return found;
}
