import { type Command, row } from '../option-table.ts';
import { text, whole } from '../option-values.ts';
import { WATCH } from './watch.ts';

export const HISTORY = {
  name: 'history',
  about: 'fill: fills a folder with days of synthetic history, for measurements; the folder must be new or empty',
  operands: 'fill',
  rows: {
    data: WATCH.rows.data,
    days: row<number>({ flag: 'days', value: 'N', parse: whole(1, 92), otherwise: 14, help: 'length of the history in days' }),
    targets: row<number>({ flag: 'targets', value: 'N', parse: whole(1, 16), otherwise: 3, help: 'number of containers' }),
    mainClass: row<string | null>({
      flag: 'main-class',
      value: 'NAME',
      parse: text,
      otherwise: null,
      help: 'main class of the JVMs that continue the history',
    }),
    every: WATCH.rows.every,
    maxDisk: WATCH.rows.maxDisk,
  },
} satisfies Command;
