import { accessSync, constants, type Stats } from 'node:fs';
import { readText } from '../process/read-text.ts';

/** Capability 3: may do to any file what its owner may. */
const CAP_FOWNER = 1n << 3n;

export interface ResidencyPermission {
  readonly uid: number;
  /** CAP_FOWNER is effective (permitted alone does not count for the kernel). */
  readonly fowner: boolean;
}

export function readPermission(procRoot: string): ResidencyPermission {
  const mask = /^CapEff:\s*([0-9a-f]+)$/im.exec(readText(`${procRoot}/self/status`) ?? '')?.[1];
  return { uid: process.geteuid?.() ?? -1, fowner: mask !== undefined && (BigInt(`0x${mask}`) & CAP_FOWNER) !== 0n };
}

/**
 * null: mincore(2) gives this process the true answer; else why it does not. To a process that is not the owner, has no CAP_FOWNER and
 * may not write the file, the kernel since 5.2 reports EVERY page resident, without an error (commit 134fca9063ad). So it must not be asked then.
 */
export function permissionRefusal(me: ResidencyPermission, stat: Pick<Stats, 'uid'>, fd: number): string | null {
  if (stat.uid === me.uid || me.fowner || isWritable(fd)) return null;
  return `owned by uid ${stat.uid}, asked by uid ${me.uid}`;
}

function isWritable(fd: number): boolean {
  try {
    accessSync(`/proc/self/fd/${fd}`, constants.W_OK);
    return true;
  } catch {
    return false; // EACCES, EROFS, ETXTBSY: each of them means no right to write
  }
}
