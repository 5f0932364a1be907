import { accessSync, constants, type Stats } from 'node:fs';
import { readText } from '../process/read-text.ts';

/** Capability 3 permits the operations on a file that otherwise only its owner may perform. */
const CAP_FOWNER = 1n << 3n;

export interface ResidencyPermission {
  readonly uid: number;
  /** CAP_FOWNER is effective. (The kernel ignores it if it is only permitted.) */
  readonly fowner: boolean;
}

export function readPermission(procRoot: string): ResidencyPermission {
  const mask = /^CapEff:\s*([0-9a-f]+)$/im.exec(readText(`${procRoot}/self/status`) ?? '')?.[1];
  return { uid: process.geteuid?.() ?? -1, fowner: mask !== undefined && (BigInt(`0x${mask}`) & CAP_FOWNER) !== 0n };
}

/**
 * The reason why mincore(2) must not be called; null: it gives this process the true answer. If the process is not the owner, has no
 * CAP_FOWNER and cannot write the file, Linux 5.2 and newer report EVERY page as resident, without an error (commit 134fca9063ad).
 */
export function permissionRefusal(permission: ResidencyPermission, stat: Pick<Stats, 'uid'>, fd: number): string | null {
  if (stat.uid === permission.uid || permission.fowner || isWritable(fd)) return null;
  return `owned by uid ${stat.uid}, asked by uid ${permission.uid}`;
}

function isWritable(fd: number): boolean {
  try {
    accessSync(`/proc/self/fd/${fd}`, constants.W_OK);
    return true;
  } catch {
    return false; // EACCES, EROFS, ETXTBSY: each means that the file cannot be written
  }
}
