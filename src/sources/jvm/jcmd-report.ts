import { MINUTE_MS } from '../../units.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { attach } from './attach.ts';
import { type ClassCount, parseHistogram } from './class-histogram.ts';
import {
  type HeapInfo,
  type NativeMemory,
  parseCodeCache,
  parseHeapInfo,
  parseMetaspace,
  parseNativeMemory,
} from './jcmd-output.ts';

/** What a JVM says of its own memory when it is asked. Each is null where it gave no answer that is understood. */
export interface JcmdReport {
  readonly atMs: number;
  readonly heap: HeapInfo | null;
  /** null also where it is off: -XX:NativeMemoryTracking=summary turns it on, at the JVM's start only. */
  readonly native: NativeMemory | null;
  readonly metaspace: ReturnType<typeof parseMetaspace>;
  readonly codeCacheBytes: number | null;
}

interface JvmRef {
  readonly roots: Roots;
  readonly process: ProcessRef;
}

/** Each question is bounded by itself; VM.metaspace stops the JVM for some milliseconds, the others do not. */
const TIMEOUT_MS = 5_000;
/** The live heap is walked, after a full collection: seconds where it is large. */
const HISTOGRAM_TIMEOUT_MS = MINUTE_MS;

/** Asks through the attach protocol, one question after the other. Fails where the first is refused: the rest would be, too. */
export async function queryJvm(who: JvmRef): Promise<Reading<JcmdReport>> {
  const ask = (line: string) => attach({ ...who, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });
  const heap = await ask('GC.heap_info');
  if (heap.state !== 'read') return heap;
  const text = async (line: string): Promise<string> => {
    const reading = await ask(line);
    return reading.state === 'read' ? reading.value : '';
  };
  const native = parseNativeMemory(await text('VM.native_memory summary'));
  const metaspace = parseMetaspace(await text('VM.metaspace'));
  const code = parseCodeCache(await text('Compiler.codecache'));
  const areas = parseHeapInfo(heap.value);
  return {
    state: 'read',
    atMs: heap.atMs,
    value: {
      atMs: heap.atMs,
      heap: areas.areas.length === 0 ? null : areas,
      native,
      metaspace,
      codeCacheBytes: code.length === 0 ? null : code.reduce((sum, c) => sum + c.sizeBytes, 0),
    },
  };
}

/** One take of the live heap by class. Costs the JVM a full collection and a walk of the heap, standing still. */
export async function queryHistogram(who: JvmRef): Promise<Reading<readonly ClassCount[]>> {
  const reading = await attach({ ...who, command: 'jcmd', args: ['GC.class_histogram'], timeoutMs: HISTOGRAM_TIMEOUT_MS });
  return reading.state === 'read' ? { ...reading, value: parseHistogram(reading.value) } : reading;
}
