import type { FileDescription } from '../sources/types.ts';

/** What a row of files is called, on the page and on the command line. Raw: escape it where it is shown. Pure, and without imports. */
export function fileRowName({ kind, files, path }: Pick<FileDescription, 'kind' | 'files' | 'path'>): string {
  if (kind === 'unqueried')
    return files === 1 ? '1 file that memhound may not query' : `${files} files that memhound may not query`;
  return kind === 'folder' ? `${path} (${files} files)` : path;
}
