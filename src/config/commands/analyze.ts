import { type Command, row } from '../option-table.ts';
import { flag } from '../option-values.ts';
import { FAIL_ON, MIN_HISTORY, TARGET_ROWS } from './shared-rows.ts';

export const ANALYZE = {
  name: 'analyze',
  about: 'evaluates recorded series, recordings and Prometheus answers, and prints a verdict for each; - is standard input',
  operands: 'FILE...',
  rows: {
    minHistory: MIN_HISTORY,
    failOn: FAIL_ON,
    explain: row<boolean>({
      flag: 'explain',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'print the facts behind the verdict, field by field',
    }),
    json: TARGET_ROWS.json,
  },
} satisfies Command;
