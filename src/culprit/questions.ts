import { parseHistogram } from '../sources/jvm/class-histogram.ts';
import { plainClassName } from '../sources/jvm/class-name.ts';
import { MIB } from '../units.ts';
import { parseThreadDump } from './thread-dump.ts';
import type { CommonFrame, CulpritCause } from './types.ts';

/** What is counted at one reading: a class, a pool of threads. */
export interface Group {
  readonly name: string;
  /** In the unit of the cause: bytes, or threads. */
  readonly size: number;
  /** Where most of a pool's threads stand; null: no threads, or none with a stack. */
  readonly stand: CommonFrame | null;
}

/** What a JVM is asked twice for a cause. A new cause is a row here. */
export interface Question {
  /** A command of jcmd. */
  readonly command: string;
  /** Its price for the JVM, in words. */
  readonly cost: string;
  readonly groups: (answer: string) => readonly Group[];
  /** The whole must grow by this much: less is noise of a running program, which loads classes and starts a few threads. */
  readonly leastGrowth: number;
  readonly unit: 'bytes' | 'threads';
}

export const QUESTIONS: Readonly<Record<CulpritCause, Question>> = {
  heap: {
    command: 'GC.class_histogram',
    cost: 'two full collections (GC.class_histogram), each a pause of the JVM',
    groups: (answer) =>
      parseHistogram(answer).map(({ name, bytes }) => ({ name: plainClassName(name), size: bytes, stand: null })),
    leastGrowth: MIB,
    unit: 'bytes',
  },
  threads: {
    command: 'Thread.print',
    cost: 'two thread dumps (Thread.print), each a short pause of the JVM',
    groups: (answer) => parseThreadDump(answer).map(({ name, threads, stand }) => ({ name, size: threads, stand })),
    leastGrowth: 5,
    unit: 'threads',
  },
};
