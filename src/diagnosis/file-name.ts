import type { FileDescription } from '../sources/types.ts';

/** The name of a row of files, for the page and the command line. It is unescaped: escape it before it is shown. Pure, and without imports. */
export function fileRowName({ kind, files, path }: Pick<FileDescription, 'kind' | 'files' | 'path'>): string {
  if (kind === 'unqueried' && files === 0) return 'a mount that memhound does not ask';
  if (kind === 'unqueried')
    return files === 1 ? '1 file that memhound may not query' : `${files} files that memhound may not query`;
  return kind === 'folder' ? `${path} (${files} files)` : path;
}
