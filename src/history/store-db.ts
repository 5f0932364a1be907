import { LowSync } from 'lowdb';
import { DataFileSync } from 'lowdb/node';

/**
 * One JSON file in lowdb, written whole under another name and swapped in; compact instead of lowdb's pretty JSON. Written at once: without
 * an fsync it reaches the page cache and no disk, and through the thread pool it takes five turns of the event loop, each woken for.
 */
export const jsonFile = <T>(
  path: string,
  data: T,
  form: { readonly parse: (text: string) => T; readonly stringify: (data: T) => string } = {
    parse: JSON.parse,
    stringify: JSON.stringify,
  },
): LowSync<T> => new LowSync(new DataFileSync<T>(path, form), data);
