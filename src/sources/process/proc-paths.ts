/**
 * Paths as the kernel writes them into files of /proc, where \ and three octal digits stand for a byte (fs/seq_file.c, mangle_path). Which
 * bytes are escaped differs: in mountinfo space, tab, newline and backslash; in maps and smaps the newline alone, so that any other
 * backslash there belongs to the name. Byte strings stay byte strings.
 */
const ESCAPE = /\\([0-7]{3})/g;

/** Fields 4 and 5 of /proc/PID/mountinfo. */
export const unescapeMountPath = (field: string): string =>
  field.replace(ESCAPE, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The last column of /proc/PID/maps. */
export const unescapeMappedPath = (column: string): string => column.replaceAll('\\012', '\n');

/** Stands behind the path of a file that has no name any more, in maps, smaps and /proc/PID/fd (fs/d_path.c). */
const DELETED = ' (deleted)';

/** A path without the mark of a deleted file. A file's own name may end so too: only nlink tells them apart, where there is one. */
export function withoutDeletedMark(path: string): { readonly path: string; readonly deleted: boolean } {
  const deleted = path.endsWith(DELETED);
  return { path: deleted ? path.slice(0, -DELETED.length) : path, deleted };
}
