import { bounded } from '../../plausible.ts';
import { decodePath } from '../process/pinned-path.ts';
import type { FileReading } from '../types.ts';
import type { UnaskedMount } from './open-files.ts';

/** A mount of which no file is asked: it says so instead of being absent. */
const mountRow = (reason: string, openBy: FileReading['openBy']): FileReading => ({
  kind: 'unqueried',
  path: '',
  files: openBy.length,
  ...{ sizeBytes: null, allocatedBytes: null, residentBytes: null, dirtyBytes: null, mtimeMs: null },
  residency: { state: 'unknown', reason },
  openBy,
  deleted: false,
  fileSystem: null,
});

export const remoteRow = ({ path, type }: { readonly path: string; readonly type: string }): FileReading =>
  mountRow(
    `${bounded(decodePath(path))} is a mount of type ${bounded(type, 40)}, which may never answer: its files are not asked`,
    [],
  );

export const unaskedRow = ({ path, openBy }: UnaskedMount): FileReading =>
  mountRow(
    `${bounded(decodePath(path))} is open on a mount that was taken away (umount -l), that another mount hides, or that the container does not have: it may never answer, so what is open there is not asked`,
    openBy,
  );
