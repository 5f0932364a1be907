import { Low } from 'lowdb';
import { DataFile } from 'lowdb/node';

/** One JSON file in lowdb, written whole under another name and swapped in; compact instead of lowdb's pretty JSON. */
export const openJsonFile = <T>(
  path: string,
  data: T,
  form: { readonly parse: (text: string) => T; readonly stringify: (data: T) => string } = {
    parse: JSON.parse,
    stringify: JSON.stringify,
  },
): Low<T> => new Low(new DataFile<T>(path, form), data);
