import { unescapeMountPath } from './proc-paths.ts';
import { isDenied, readText } from './read-text.ts';

/**
 * The text of mountinfo in `procFolder`, which is /proc/PID; null where the process ends: the kernel answers EINVAL for one that has given up its
 * namespaces already (fs/proc_namespace.c, mounts_open_common). @throws if it may not be read
 */
export function mountinfoText(procFolder: string): string | null {
  try {
    return readText(`${procFolder}/mountinfo`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return null;
    throw error;
  }
}

/** The same; empty where the process ends or may not be read. */
export function readMountinfo(procFolder: string): string {
  try {
    return mountinfoText(procFolder) ?? '';
  } catch (error) {
    if (isDenied(error)) return '';
    throw error;
  }
}

/** A line of mountinfo. */
interface Mount {
  readonly id: number;
  /** What of its file system is mounted, a byte string. */
  readonly root: string;
  /** As the process sees it, a byte string. */
  readonly point: string;
  /** Those of the mount, and those of its file system. */
  readonly options: readonly string[];
  readonly systemOptions: readonly string[];
  readonly type: string;
}

/** The mounts in a text of mountinfo, in its order: of several at one point the last one hides the others. Pure. Source: proc_pid_mountinfo(5). */
export function mountsIn(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line): Mount[] => {
    const [left = '', right = ''] = line.split(' - ');
    const [id = '', , , root = '', point = '', options = ''] = left.split(' ');
    if (point === '') return [];
    const [type = '', , systemOptions = ''] = right.split(' ');
    return [
      {
        id: Number(id),
        root: unescapeMountPath(root),
        point: unescapeMountPath(point),
        options: options.split(','),
        systemOptions: systemOptions.split(','),
        type,
      },
    ];
  });
}

/** Whether the mount of an absolute path may not be written, by a text of mountinfo. Pure. */
export function isReadOnlyPath(mountinfo: string, path: string): boolean {
  let longest = '';
  let readOnly = false;
  for (const { point, options, systemOptions } of mountsIn(mountinfo)) {
    if (!`${path}/`.startsWith(point === '/' ? '/' : `${point}/`) || point.length < longest.length) continue;
    longest = point;
    readOnly = options.includes('ro') || systemOptions.includes('ro');
  }
  return readOnly;
}
