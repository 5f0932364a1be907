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

/** A JVM's answers about its memory. A part is null if the JVM gave no answer, or one of unknown format. */
export interface JcmdReport {
  readonly atMs: number;
  readonly heap: HeapInfo | null;
  /** Also null if tracking is off. Only the start option -XX:NativeMemoryTracking=summary turns it on. */
  readonly native: NativeMemory | null;
  readonly metaspace: ReturnType<typeof parseMetaspace>;
  readonly codeCacheBytes: number | null;
}

interface JvmRef {
  readonly roots: Roots;
  readonly process: ProcessRef;
}

/** Timeout of each command. VM.metaspace pauses the JVM for a few milliseconds; the others do not pause it. */
const TIMEOUT_MS = 5_000;
/** The JVM runs a full collection and walks the heap, which takes seconds if the heap is large. */
const HISTOGRAM_TIMEOUT_MS = MINUTE_MS;

/** Sends the commands through the attach protocol, one after the other. It fails if the first is refused, because the rest would be too. */
export async function queryJvm(who: JvmRef): Promise<Reading<JcmdReport>> {
  const send = (line: string) => attach({ ...who, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });
  const heap = await send('GC.heap_info');
  if (heap.state !== 'read') return heap;
  const text = async (line: string): Promise<string> => {
    const reading = await send(line);
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

/** One histogram of the heap by class. The JVM pauses for a full collection and a walk of the heap. */
export async function queryHistogram(who: JvmRef): Promise<Reading<readonly ClassCount[]>> {
  const reading = await attach({ ...who, command: 'jcmd', args: ['GC.class_histogram'], timeoutMs: HISTOGRAM_TIMEOUT_MS });
  return reading.state === 'read' ? { ...reading, value: parseHistogram(reading.value) } : reading;
}
