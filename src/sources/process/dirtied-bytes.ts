import { join } from 'node:path';
import { isDenied, readRecord, readText } from './read-text.ts';

/**
 * Bytes of the page cache that a process has made dirty, by whatever way: write, sendfile, copy_file_range, a mapping. Sockets and files of
 * tmpfs do not count. null: it has ended, may not be read, or the kernel does not count (CONFIG_TASK_IO_ACCOUNTING). Source: proc_pid_io(5).
 */
export function readDirtiedBytes(procRoot: string, pid: number): number | null {
  try {
    return parseDirtiedBytes(readText(join(procRoot, String(pid), 'io'), readRecord) ?? '');
  } catch (error) {
    if (isDenied(error)) return null;
    throw error;
  }
}

/** Pure. */
export function parseDirtiedBytes(text: string): number | null {
  const digits = /^write_bytes: (\d{1,15})$/m.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
