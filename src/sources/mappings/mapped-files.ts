import { plausible } from '../../plausible.ts';
import { unescapeMappedPath, withoutDeletedMark } from '../process/proc-paths.ts';

/** A file that is mapped into a process: a library, a jar, or a file that was closed after it was mapped. `path` is a byte string. */
export interface MappedFile {
  readonly path: string;
  readonly deleted: boolean;
  readonly ino: number;
  /** Sum of the lengths of its mappings: the maximum that can be resident through them. */
  readonly mappedBytes: number;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) \S+ [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+)\s+(\/.*)$/;

/** Whether a path in maps or smaps is that of a file on a disk or a tmpfs, and not of a device or of memory that only looks like a file. */
export const isMappedFile = (raw: string): boolean =>
  raw.startsWith('/') && !/^\/(?:dev\/(?!shm\/)|memfd:|SYSV|\[|anon_hugepage)/.test(raw);

/**
 * The files in /proc/PID/maps, without duplicates. Pure. The kernel writes a newline in a name as \012 (seq_file_path escapes nothing else).
 * The device number is not used: on overlayfs and btrfs it differs from that of stat.
 */
export function parseMappedFiles(text: string): MappedFile[] {
  const found = new Map<string, MappedFile>();
  for (const line of text.split('\n')) {
    const [, from, to, ino, raw] = LINE.exec(line) ?? [];
    if (raw === undefined || !isMappedFile(raw)) continue;
    // Addresses have up to 57 bits, and no file is mapped that often.
    const length = plausible(Number.parseInt(to!, 16) - Number.parseInt(from!, 16));
    if (length === null) continue;
    const { path: escaped, deleted } = withoutDeletedMark(raw);
    const path = unescapeMappedPath(escaped);
    const key = `${ino}:${raw}`;
    found.set(key, { path, deleted, ino: Number(ino), mappedBytes: (found.get(key)?.mappedBytes ?? 0) + length });
  }
  return [...found.values()];
}
