/**
 * Paths as the kernel writes them into files of /proc, where \ and three octal digits mean a byte (fs/seq_file.c, mangle_path). mountinfo
 * escapes space, tab, newline and backslash. maps and smaps escape only the newline, so any other backslash there belongs to the name. Byte
 * strings stay byte strings.
 */
const ESCAPE = /\\([0-7]{3})/g;

/** Fields 4 and 5 of /proc/PID/mountinfo. */
export const unescapeMountPath = (field: string): string =>
  field.replace(ESCAPE, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The last column of /proc/PID/maps, in memory of its own: V8 keeps the text that a string was cut from, some 100 KB for a JVM. */
export const unescapeMappedPath = (column: string): string =>
  Buffer.from(column.replaceAll('\\012', '\n'), 'latin1').toString('latin1');

/** The kernel adds this to the path of a deleted file, in maps, smaps and /proc/PID/fd (fs/d_path.c). */
const DELETED = ' (deleted)';

/** A path without the suffix of a deleted file. A file's name may also end like this; only nlink distinguishes the two, if it is known. */
export function withoutDeletedMark(path: string): { readonly path: string; readonly deleted: boolean } {
  const deleted = path.endsWith(DELETED);
  return { path: deleted ? path.slice(0, -DELETED.length) : path, deleted };
}
