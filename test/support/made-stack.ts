import { type MadeClass, utf8, varint } from './made-jfr.ts';

/** Types of the JDK that make up a stack trace, with their ids in a made chunk; ids from 9 on are free. */
export const [INT, STRING, CLASS, TRACE] = [2, 3, 5, 8];
const [SYMBOL, METHOD, FRAME] = [4, 6, 7];
export const STACK_CLASSES: readonly MadeClass[] = [
  { id: INT, name: 'int' },
  { id: STRING, name: 'java.lang.String' },
  { id: SYMBOL, name: 'jdk.types.Symbol', fields: [['string', STRING]] },
  { id: CLASS, name: 'java.lang.Class', fields: [['name', SYMBOL]] },
  {
    id: METHOD,
    name: 'jdk.types.Method',
    fields: [
      ['type', CLASS],
      ['name', SYMBOL],
    ],
  },
  {
    id: FRAME,
    name: 'jdk.types.StackFrame',
    fields: [
      ['method', METHOD],
      ['lineNumber', INT],
    ],
  },
  { id: TRACE, name: 'jdk.types.StackTrace', fields: [['frames', FRAME, 'array']] },
];

/** The bytes of a stack trace; each frame is "type/of/it.method:line". */
export const madeStack = (frames: readonly string[]): number[] => [
  ...varint(frames.length),
  ...frames.flatMap((frame) => {
    const [, type = '', method = '', line = ''] = /^(.*)\.([^.:]+):(\d+)$/.exec(frame) ?? [];
    return [...utf8(type), ...utf8(method), ...varint(BigInt(line))];
  }),
];
