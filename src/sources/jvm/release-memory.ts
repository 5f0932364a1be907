import { setTimeout as delay } from 'node:timers/promises';
import { MINUTE_MS } from '../../units.ts';
import { readStatus } from '../process/procfs.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { attach } from './attach.ts';

/** Anonymous memory of a JVM before and after it was asked to give back what it does not need. Bytes of RssAnon. */
export interface ReleasedMemory {
  readonly beforeBytes: number;
  /** After GC.run: objects that hold native memory, such as direct buffers, wait for a collection to free it. */
  readonly afterCollectionBytes: number;
  /** After System.trim_native_heap: glibc keeps what was freed. null: this JVM does not know the command, or its malloc cannot. */
  readonly afterTrimBytes: number | null;
}

const TIMEOUT_MS = MINUTE_MS;
/** Cleaners of direct buffers run in a thread of their own after the collection. */
const SETTLE_MS = 2_000;

/** Lets the JVM collect, then has its malloc give back what was freed. Costs the JVM a full collection. JDK 17.0.9 and newer can trim. */
export async function releaseMemory(jvm: {
  readonly roots: Roots;
  readonly process: ProcessRef;
}): Promise<Reading<ReleasedMemory>> {
  const ask = (line: string) => attach({ ...jvm, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });
  const anonBytes = (): number | null => readStatus(jvm.roots.proc, jvm.process.pid)?.rssAnonBytes ?? null;
  const beforeBytes = anonBytes();
  const collected = await ask('GC.run');
  if (collected.state !== 'read') return collected;
  await delay(SETTLE_MS);
  const afterCollectionBytes = anonBytes();
  const trimmed = await ask('System.trim_native_heap');
  const afterTrimBytes =
    trimmed.state === 'read' && /trim/i.test(trimmed.value) && !/unknown|not available|not supported/i.test(trimmed.value)
      ? anonBytes()
      : null;
  if (beforeBytes === null || afterCollectionBytes === null)
    return { state: 'absent', reason: `pid ${jvm.process.pid} has ended` };
  return { state: 'read', value: { beforeBytes, afterCollectionBytes, afterTrimBytes }, atMs: collected.atMs };
}
