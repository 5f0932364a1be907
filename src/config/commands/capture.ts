import { type Command, row } from '../option-table.ts';
import { evenInterval, flag, seconds } from '../option-values.ts';
import { TARGET_ROWS } from './shared-rows.ts';

export const CAPTURE = {
  name: 'capture',
  about: 'records the raw files of the container as JSON lines on standard output',
  operands: null,
  rows: {
    every: row<number>({
      flag: 'every',
      value: 'TIME',
      parse: evenInterval,
      otherwise: 1,
      otherwiseText: '1s',
      help: 'time between lines',
    }),
    for: row<number>({
      flag: 'for',
      value: 'TIME',
      parse: seconds,
      otherwise: 60,
      otherwiseText: '60s',
      help: 'how long to record',
    }),
    withPaths: row<boolean>({
      flag: 'with-paths',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'keep paths and command lines; without it they are redacted',
    }),
    ...TARGET_ROWS,
  },
} satisfies Command;
