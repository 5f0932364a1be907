import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A data folder that cannot be used: 2 for a bad option, 1 for the machine's state. */
export class StoreError extends Error {
  override name = 'StoreError';
  constructor(
    message: string,
    readonly exit: 1 | 2,
  ) {
    super(message);
  }
}

/** What a volume may suffer while we run, and recover from. */
const VOLUME_ERRORS: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO']);
const REMEDIATIONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the quota is used up; make room',
  EROFS: 'the file system is read-only; mount it for writing',
  EIO: 'the disk reports an error; look at the node',
};

/** null: it is no illness of the volume. */
export function volumeError(dir: string, error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!VOLUME_ERRORS.has(code)) return null;
  return `--data ${dir}: cannot be written (${code}): ${REMEDIATIONS[code] ?? 'choose a folder that this user may write, or fix its permissions'}`;
}

/** @throws EROFS, EACCES and the like of the nearest folder above that exists */
export async function checkWritableParent(dir: string): Promise<void> {
  for (let above = dirname(dir); ; above = dirname(above)) {
    try {
      return await access(above, constants.W_OK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === dirname(above)) throw error;
    }
  }
}
