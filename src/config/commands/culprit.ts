import { CULPRIT_CAUSES, type CulpritCause } from '../../culprit/types.ts';
import { MINUTE_S } from '../../units.ts';
import { type Command, row } from '../option-table.ts';
import { flag, oneOf, seconds } from '../option-values.ts';
import { TARGET_ROWS } from './shared-rows.ts';

export const CULPRIT = {
  name: 'culprit',
  about:
    'asks a JVM several times, through its attach listener, and names what grew: a class, a pool of threads, loaders of classes, native memory',
  operands: null,
  rows: {
    pid: TARGET_ROWS.pid,
    cgroup: TARGET_ROWS.cgroup,
    podUid: TARGET_ROWS.podUid,
    target: TARGET_ROWS.target,
    own: TARGET_ROWS.own,
    procRoot: TARGET_ROWS.procRoot,
    cgroupRoot: TARGET_ROWS.cgroupRoot,
    json: TARGET_ROWS.json,
    cause: row<CulpritCause>({
      flag: 'cause',
      value: 'CAUSE',
      parse: oneOf(CULPRIT_CAUSES),
      otherwise: 'heap',
      help: CULPRIT_CAUSES.join(', '),
    }),
    for: row<number>({
      flag: 'for',
      value: 'TIME',
      parse: seconds,
      otherwise: MINUTE_S,
      otherwiseText: '60s',
      help: 'time from the first look to the last',
    }),
    noRecording: row<boolean>({
      flag: 'no-recording',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'no recording of the flight recorder during the looks: of heap no holder and no place of allocation, of native no size of the direct buffers',
    }),
    release: row<boolean>({
      flag: 'release',
      value: null,
      parse: flag,
      otherwise: false,
      help: 'native: also tell what a collection gives back, and what malloc does when it is trimmed (System.trim_native_heap)',
    }),
  },
} satisfies Command;
