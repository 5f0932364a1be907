/** A data folder that cannot be used. Exit code 2 is for a bad option, 1 for the state of the machine. */
export class StoreError extends Error {
  override name = 'StoreError';
  constructor(
    message: string,
    readonly exit: 1 | 2,
  ) {
    super(message);
  }
}

/** Errors of a volume that may occur while memhound runs, and that may go away. */
const VOLUME_ERRORS: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO']);
const REMEDIATIONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: 'the quota is used up; free some space',
  EROFS: 'the file system is read-only; mount it for writing',
  EIO: 'the disk reports an error; check the node',
};

/** The message for an error of the volume; null: it is another error. */
export function volumeError(dir: string, error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!VOLUME_ERRORS.has(code)) return null;
  return `--data ${dir}: cannot be written (${code}): ${REMEDIATIONS[code] ?? 'choose a folder that this user can write, or change its permissions'}`;
}
