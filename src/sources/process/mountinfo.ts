import { unescapeMountPath } from './proc-paths.ts';
import { isAbsence, isDenied, readText } from './read-text.ts';

/**
 * The text of mountinfo in `procFolder`, which is /proc/PID; empty where it may not be read, or where the process ends: the kernel answers EINVAL for one that has
 * given up its namespaces already (fs/proc_namespace.c, mounts_open_common).
 */
export function readMountinfo(procFolder: string): string {
  try {
    return readText(`${procFolder}/mountinfo`) ?? '';
  } catch (error) {
    if (isDenied(error) || isAbsence(error) || (error as NodeJS.ErrnoException).code === 'EINVAL') return '';
    throw error;
  }
}

/** Whether the mount of an absolute path may not be written, by a text of mountinfo. Pure. Source: proc_pid_mountinfo(5). */
export function isReadOnlyPath(mountinfo: string, path: string): boolean {
  let longest = '';
  let readOnly = false;
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , , point = '', options = ''] = left.split(' ');
    const mount = unescapeMountPath(point);
    if (point === '' || !`${path}/`.startsWith(mount === '/' ? '/' : `${mount}/`) || mount.length < longest.length) continue;
    longest = mount; // of several at one point the last one hides the others
    readOnly = [options, right.split(' ')[2] ?? ''].some((list) => list.split(',').includes('ro'));
  }
  return readOnly;
}
