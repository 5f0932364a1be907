import { processText } from '../format.ts';
import type { FileDescription } from '../sources/types.ts';
import type { FileRow } from './types.ts';

/** The name of a row of files, for the page and the command line. It is unescaped: escape it before it is shown. Pure. */
export function fileRowName({ kind, files, path }: Pick<FileDescription, 'kind' | 'files' | 'path'>): string {
  if (kind === 'unqueried' && files === 0) return 'a mount that memhound does not ask';
  if (kind === 'unqueried')
    return files === 1 ? '1 file that memhound may not query' : `${files} files that memhound may not query`;
  return kind === 'folder' ? `${path} (${files} files)` : path;
}

/** "java orders.jar pid 7": a process that holds a file, escaped. */
export const holderText = ({ holders }: Pick<FileRow, 'holders'>, pid: number): string =>
  processText(`pid ${pid}`, holders.find((holder) => holder.pid === pid)?.name);
