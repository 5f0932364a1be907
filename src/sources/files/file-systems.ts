import { statfsSync } from 'node:fs';
import { codeOf } from '../process/pinned-path.ts';
import type { FileSystemUse } from '../types.ts';

/** Magic numbers of statfs(2), linux/magic.h. */
const TMPFS = new Set([0x01021994, 0x858458f6]); // tmpfs, ramfs
const OVERLAYFS = 0x794c7630;
/** Their folders are not walked: they hold no page cache of the container, or may never answer (NFS). */
const NOT_WALKED = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x64626720, 0x74726163, 0xcafe4a11, 0x73636673, 0x6165676c, 0x19800202,
  0x6969, 0xff534d42, 0xfe534d42, 0x958458f6, 0x6e736673,
]);

export interface FileSystem {
  readonly publicForm: FileSystemUse;
  readonly isOverlay: boolean;
  readonly mayBeWalked: boolean;
}

/** The file system of a pinned file. statfs is called once per device and scan. */
export class FileSystems {
  readonly #byDevice = new Map<number, FileSystem | null>();
  /** As last read, perhaps in an earlier scan. */
  readonly #newest = new Map<number, FileSystemUse>();

  clear(): void {
    this.#byDevice.clear();
  }

  of(fd: number, dev: number): FileSystem | null {
    const known = this.#byDevice.get(dev);
    if (known !== undefined) return known;
    const answer = statfs(fd);
    this.#byDevice.set(dev, answer);
    if (answer !== null) this.#newest.set(dev, answer.publicForm);
    return answer;
  }

  /** The newest known state of a device. Many files are queried rarely, and their disk may fill in between. */
  newest(dev: number): FileSystemUse | null {
    return this.#newest.get(dev) ?? null;
  }
}

function statfs(fd: number): FileSystem | null {
  try {
    const { type, bavail, blocks, bsize } = statfsSync(`/proc/self/fd/${fd}`);
    return {
      publicForm: { kind: TMPFS.has(type) ? 'tmpfs' : 'disk', freeBytes: bavail * bsize, totalBytes: blocks * bsize },
      isOverlay: type === OVERLAYFS,
      mayBeWalked: !NOT_WALKED.has(type),
    };
  } catch (error) {
    codeOf(error);
    return null;
  }
}
