import { setTimeout as delay } from 'node:timers/promises';
import { MINUTE_MS } from '../../units.ts';
import { readStatus } from '../process/procfs.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { attach } from './attach.ts';

/** Anonymous memory of a JVM before and after it returned its unused memory to the kernel. Bytes of RssAnon. */
export interface ReleasedMemory {
  readonly beforeBytes: number;
  /** After GC.run. Objects with native memory, such as direct buffers, free it only after a collection. */
  readonly afterCollectionBytes: number;
  /** After System.trim_native_heap, because glibc keeps freed memory. null: the JVM does not know the command, or its malloc has no such function. */
  readonly afterTrimBytes: number | null;
}

const TIMEOUT_MS = MINUTE_MS;
/** Time for the cleaners of direct buffers, which run in a separate thread after the collection. */
const SETTLE_MS = 2_000;

/** Runs a full collection in the JVM, then makes its malloc return freed memory to the kernel. JDK 17.0.9 and newer can trim. */
export async function releaseMemory(jvm: {
  readonly roots: Roots;
  readonly process: ProcessRef;
}): Promise<Reading<ReleasedMemory>> {
  const send = (line: string) => attach({ ...jvm, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });
  const anonBytes = (): number | null => readStatus(jvm.roots.proc, jvm.process.pid)?.rssAnonBytes ?? null;
  const beforeBytes = anonBytes();
  const collected = await send('GC.run');
  if (collected.state !== 'read') return collected;
  await delay(SETTLE_MS);
  const afterCollectionBytes = anonBytes();
  const trimmed = await send('System.trim_native_heap');
  const afterTrimBytes =
    trimmed.state === 'read' && /trim/i.test(trimmed.value) && !/unknown|not available|not supported/i.test(trimmed.value)
      ? anonBytes()
      : null;
  if (beforeBytes === null || afterCollectionBytes === null)
    return { state: 'absent', reason: `pid ${jvm.process.pid} has ended` };
  return { state: 'read', value: { beforeBytes, afterCollectionBytes, afterTrimBytes }, atMs: collected.atMs };
}
