import { dirname } from 'node:path';
import { SECOND_MS } from '../../units.ts';
import { readMountinfo } from './mountinfo.ts';
import { unescapeMountPath } from './proc-paths.ts';

/**
 * Mounts whose file system may never answer, because a program or another machine serves it (gcsfuse, s3fs, sshfs, NFS, ...). Even stat(2)
 * may then block forever, and all of memhound with it. So no path below them is used. The list of mounts comes from the kernel and is always
 * available.
 */
const REMOTE_TYPES =
  /^(?:fuse|fuse\..*|fuseblk|nfs4?|cifs|smb3|smbfs|9p|virtiofs|ceph|afs|coda|lustre|gpfs|beegfs|glusterfs|ocfs2|orangefs|autofs)$/;

/** Of the remote mounts of a container, so many are named. */
const MAX_NAMED = 8;

export interface Mounts {
  /** Whether any mount is remote. Usually none is, and then there is nothing to check. */
  readonly anyRemote: boolean;
  /** Those that are remote and not hidden by another, as byte strings, with their type; at most some. */
  readonly remote: readonly { readonly path: string; readonly type: string }[];
  /** `path` is a byte string, as the target sees it. */
  isRemotePath(path: string): boolean;
  /** `id` is the `mnt_id` of /proc/PID/fdinfo/N. */
  isRemoteId(id: number): boolean;
}

/** The mounts in a text of /proc/PID/mountinfo. A remote root is exempt (fuse-overlayfs): the container itself runs from it. Pure. */
export function parseMounts(text: string): Mounts {
  const points = new Map<string, string | null>();
  const remoteIds = new Set<number>();
  for (const line of text.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [id = '', , , , point = ''] = left.split(' ');
    if (point === '') continue;
    const path = unescapeMountPath(point);
    const [type = ''] = right.split(' ');
    const remote = path !== '/' && REMOTE_TYPES.test(type);
    points.set(path, remote ? type : null); // if several are mounted at one point, the last one hides the others
    if (remote) remoteIds.add(Number(id));
  }
  return {
    anyRemote: remoteIds.size > 0,
    remote: [...points].flatMap(([path, type]) => (type === null ? [] : [{ path, type }])).slice(0, MAX_NAMED),
    isRemoteId: (id) => remoteIds.has(id),
    isRemotePath(path) {
      for (
        let at = path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
        at !== '' && at !== '/';
        at = at.slice(0, at.lastIndexOf('/'))
      ) {
        const type = points.get(at);
        if (type !== undefined) return type !== null;
      }
      return false;
    },
  };
}

const NO_MOUNTS = parseMounts('');

/** A scan checks many paths of one process, so the list is read again only after this time. */
const KEPT_MS = SECOND_MS;
const MAX_KEPT = 64;
const kept = new Map<string, { readonly text: string; readonly mounts: Mounts; atMs: number }>();

/** The mounts of the process whose root is `root`, /proc/PID/root; none if the list does not exist or cannot be read. */
export function mountsOf(root: string): Mounts {
  const nowMs = performance.now();
  const known = kept.get(root);
  if (known !== undefined && nowMs - known.atMs < KEPT_MS) return known.mounts;
  const text = readMountinfo(dirname(root));
  const mounts = text === known?.text ? known.mounts : text === '' ? NO_MOUNTS : parseMounts(text);
  kept.delete(root);
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(root, { text, mounts, atMs: nowMs });
  return mounts;
}
