import { closeSync, constants, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAbsence, isDenied, readRecord, readText } from '../process/read-text.ts';
import type { CgroupReading, CgroupRef, Limit, Reading, Source } from '../types.ts';
import { parseCgroupV1, V1_FILES } from './cgroup-v1.ts';
import { parseCgroupV2, V2_FILES } from './cgroup-v2.ts';
import { ParseError, Problems, parseLimit, tighter } from './flat-keyed.ts';

const { O_RDONLY, O_NONBLOCK } = constants;

/** absent: the group no longer exists. failed: access is denied, or a file has an unknown format. */
export interface CgroupReader extends Source<CgroupReading> {
  /** The raw texts by file name, for `memhound capture`. */
  rawFiles(): Record<string, string>;
}

/**
 * Reads one memory cgroup repeatedly. Descriptors stay open and are read from position 0; the kernel generates the text again at each
 * such read. This saves the path walk through /proc/PID/root, and is safe if the path is replaced in the meantime.
 */
export function openCgroup(ref: CgroupRef): CgroupReader {
  const names = ref.version === 1 ? V1_FILES : V2_FILES;
  const fds = new Map<string, number>();
  const ancestors = ref.version === 2 ? ancestorsOf(ref.dir) : [];

  const rawFiles = (): Record<string, string> => {
    const texts: Record<string, string> = {};
    for (const name of names) {
      const text = readKept(fds, `${ref.dir}/${name}`, name);
      if (text !== null) texts[name] = text;
    }
    return texts;
  };

  const read = (nowMs: number): Reading<CgroupReading> => {
    try {
      const texts = rawFiles();
      if (texts['memory.stat'] === undefined)
        return { state: 'absent', reason: `${ref.dir} has no memory.stat any more: the container has ended` };
      const reading = ref.version === 1 ? parseCgroupV1(texts) : parseCgroupV2(texts);
      const above = new Problems();
      const limitBytes = ancestors.reduce<Limit>(
        (limit, dir) =>
          tighter(
            limit,
            above.attempt(join(dir, 'memory.max'), () => maxOf(fds, dir)),
          ),
        reading.limitBytes,
      );
      return {
        state: 'read',
        value: {
          ...reading,
          limitBytes,
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
      for (const fd of fds.values()) closeSync(fd);
      fds.clear();
    },
  };
}

/** The text of a file whose descriptor is kept open; null: the file does not exist, or the group was removed (ENODEV). */
function readKept(fds: Map<string, number>, path: string, name: string): string | null {
  const kept = fds.get(name);
  try {
    // O_NONBLOCK: if the container has put a FIFO there, the open does not wait for a writer.
    const fd = kept ?? openSync(path, O_RDONLY | O_NONBLOCK);
    if (kept === undefined) fds.set(name, fd);
    return readRecord(fd);
  } catch (error) {
    const fd = fds.get(name);
    if (fd !== undefined) {
      closeSync(fd);
      fds.delete(name);
    }
    // EOPNOTSUPP: memory.pressure, if PSI was disabled at boot.
    if (isAbsence(error) || (error as NodeJS.ErrnoException).code === 'EOPNOTSUPP') return null;
    throw error;
  }
}

/** Visible parent groups, because a pod's limit applies to its containers too. The root group has no memory.max. */
function ancestorsOf(dir: string): string[] {
  const above: string[] = [];
  for (let parent = dirname(dir); parent !== '/' && above.length < 16; parent = dirname(parent)) {
    if (readText(join(parent, 'memory.max')) === null) break;
    above.push(parent);
  }
  return above;
}

function maxOf(fds: Map<string, number>, dir: string): Limit {
  const path = join(dir, 'memory.max');
  const text = readKept(fds, path, path);
  return text === null ? null : parseLimit('memory.max', text);
}
