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
