import { readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { mountsIn, readMountinfo } from '../process/mountinfo.ts';
import { codeOf } from '../process/pinned-path.ts';
import { isSystemFolder } from './folder-queue.ts';

/** Folders in which programs usually write. */
const USUAL_FOLDERS = ['/tmp', '/dev/shm', '/var/log', '/var/tmp'];
/** Kernel file systems, whose files have no page cache; and network file systems. */
const KERNEL_TYPES =
  /^(?:proc|sysfs|cgroup2?|devpts|devtmpfs|mqueue|debugfs|tracefs|bpf|securityfs|pstore|fusectl|configfs|nsfs|nfs4?|cifs)$/;
const MAX_FOLDERS = 64;

/** Writable mount points (volumes, emptyDirs) from /proc/PID/mountinfo, as byte strings. Pure. */
export function writableMounts(text: string): string[] {
  return mountsIn(text).flatMap(({ point, options, type }) => {
    const writable = options.includes('rw') && !KERNEL_TYPES.test(type);
    return writable && point.length > 1 && !/^\/(?:proc|sys|dev\/(?!shm))/.test(point) ? [point] : [];
  });
}

/** Folders in which a walk begins, most likely first: the working folder, the usual folders, volumes. Byte strings. */
export function folderCandidates(procRoot: string, pid: number): string[] {
  const mounts = writableMounts(readMountinfo(`${procRoot}/${pid}`));
  const cwd = readOr('/', () => readlinkSync(`${procRoot}/${pid}/cwd`, 'latin1'));
  return [...new Set([...(cwd === '/' ? [] : [cwd]), ...USUAL_FOLDERS, ...mounts])].slice(0, MAX_FOLDERS);
}

const MAX_ARGUMENT_FOLDERS = 16;
/** What a program is started from, and only reads. */
const ONLY_READ = /\.(?:jar|war|class|jsa|so|xml|ya?ml|properties|jks|pem|policy)$/;

/**
 * Folders that the arguments of a program name: `-Dlogging.file=/data/logs/app.log`, `-XX:HeapDumpPath=/dumps`, `--dir /data`. A last name with
 * a dot is a file. Programs write there, and on a host without containers nothing else leads to a file that is closed again at once. Pure.
 */
export function argumentFolders(args: readonly string[]): string[] {
  const folders = args.flatMap((arg) => {
    const path = /(?:^|=|:)(\/[^/:=,;*?][^:=,;*?]*)$/.exec(arg)?.[1]?.replace(/\/+$/, '') ?? '';
    if (path === '' || ONLY_READ.test(path) || isSystemFolder(path)) return [];
    const folder = /\.[^/]*$/.test(path) ? dirname(path) : path;
    return folder === '/' ? [] : [folder];
  });
  return [...new Set(folders)].slice(0, MAX_ARGUMENT_FOLDERS);
}

function readOr(other: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    codeOf(error); // removed, no permission, or a link longer than a page
    return other;
  }
}
