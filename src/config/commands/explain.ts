import { type Command, row } from '../option-table.ts';
import { flag } from '../option-values.ts';
import { API_ROWS, TARGET_ROWS } from './shared-rows.ts';

export const EXPLAIN = {
  name: 'explain',
  about: 'answers once where the memory is now: prints the ledger, the files, the JVM, and what each tool shows',
  operands: null,
  rows: {
    ...TARGET_ROWS,
    verdict: row<boolean>({
      flag: 'verdict',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'print instead the verdict of the memhound that runs at --host and --port, with its rules, limits and fields',
    }),
    ended: row<boolean>({
      flag: 'ended',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'print instead the final verdict of the container that ended last, its last ledger and its last hour; of --target, if given',
    }),
    ...API_ROWS,
    release: row<boolean>({
      flag: 'release',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'also let the JVM collect and have its malloc give back what was freed, and print what each gave back; uses the attach protocol and costs the JVM a full collection',
    }),
    histogram: row<boolean>({
      flag: 'histogram',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'also print the ten classes of the heap that grew most in ten seconds; takes two class histograms through the attach protocol, and each costs the JVM a full collection',
    }),
  },
} satisfies Command;
