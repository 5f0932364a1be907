import { Low } from 'lowdb';
import { DataFile } from 'lowdb/node';

/** One JSON file in lowdb. It is written completely under another name and then renamed. The JSON is compact, unlike lowdb's default. */
export const openJsonFile = <T>(
  path: string,
  data: T,
  form: { readonly parse: (text: string) => T; readonly stringify: (data: T) => string } = {
    parse: JSON.parse,
    stringify: JSON.stringify,
  },
): Low<T> => new Low(new DataFile<T>(path, form), data);
