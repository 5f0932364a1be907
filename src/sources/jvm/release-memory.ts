import { setTimeout as delay } from 'node:timers/promises';
import { MIB, MINUTE_MS } from '../../units.ts';
import { readStatus } from '../process/procfs.ts';
import type { ProcessRef, Reading, Roots } from '../types.ts';
import { attach } from './attach.ts';

/** Anonymous memory of a JVM before and after it returned its unused memory to the kernel, in bytes. */
export interface ReleasedMemory {
  readonly beforeBytes: number;
  /** After a collection. Objects with native memory, such as direct buffers, free it only after a collection. */
  readonly afterCollectionBytes: number;
  /** After System.trim_native_heap, because glibc keeps freed memory. null: the JVM does not know the command, or its malloc has no such function. */
  readonly afterTrimBytes: number | null;
}

/** What gave back most: objects that waited for a collection, or malloc, which kept what was freed. `neither`: the program holds it. */
export type Released = 'collection' | 'malloc' | 'neither';

/** Less than this is noise of a running JVM. */
export const LEAST_RELEASED = 4 * MIB;

/** null: what came back is less than half, so the rest may be a leak; or nothing did, and malloc cannot be asked. Pure. */
export function releasedBy({ beforeBytes, afterCollectionBytes, afterTrimBytes }: ReleasedMemory): Released | null {
  const collected = beforeBytes - afterCollectionBytes;
  const trimmed = afterTrimBytes === null ? 0 : afterCollectionBytes - afterTrimBytes;
  if (Math.max(collected, trimmed) < LEAST_RELEASED) return afterTrimBytes === null ? null : 'neither';
  if (Math.max(0, collected) + Math.max(0, trimmed) < beforeBytes / 2) return null;
  return collected >= trimmed ? 'collection' : 'malloc';
}

const TIMEOUT_MS = MINUTE_MS;
/** Time for the cleaners of direct buffers, which run in a separate thread after the collection. */
export const CLEANERS_MS = 2_000;

/** -XX:+DisableExplicitGC makes nothing of GC.run. The histogram collects all the same. */
const IS_DISABLED = /explicit gc is disabled/i;

/** Runs a full collection in the JVM, then makes its malloc return freed memory to the kernel. Newer updates of JDK 11 and 17, and all since 21, can trim. */
export async function releaseMemory(jvm: {
  readonly roots: Roots;
  readonly process: ProcessRef;
}): Promise<Reading<ReleasedMemory>> {
  const send = (line: string) => attach({ ...jvm, command: 'jcmd', args: [line], timeoutMs: TIMEOUT_MS });
  const anonBytes = (): number | null => readStatus(jvm.roots.proc, jvm.process.pid)?.rssAnonBytes ?? null;
  const beforeBytes = anonBytes();
  let collected = await send('GC.run');
  if (collected.state === 'read' && IS_DISABLED.test(collected.value)) collected = await send('GC.class_histogram');
  if (collected.state !== 'read') return collected;
  await delay(CLEANERS_MS);
  const afterCollectionBytes = anonBytes();
  const afterTrimBytes = (await trimMalloc(jvm)) ? anonBytes() : null;
  if (beforeBytes === null || afterCollectionBytes === null)
    return { state: 'absent', reason: `pid ${jvm.process.pid} has ended` };
  return { state: 'read', value: { beforeBytes, afterCollectionBytes, afterTrimBytes }, atMs: collected.atMs };
}

/**
 * Makes malloc return freed memory to the kernel. false: the JVM does not know the command, its malloc has no such function, or it did not
 * answer. An update of JDK 11 answers by the sizes before and after, newer ones by "Trim native heap".
 */
export async function trimMalloc(jvm: { readonly roots: Roots; readonly process: ProcessRef }): Promise<boolean> {
  const trimmed = await attach({ ...jvm, command: 'jcmd', args: ['System.trim_native_heap'], timeoutMs: TIMEOUT_MS });
  return trimmed.state === 'read' && hasTrimmed(trimmed.value);
}

/** Pure. */
export const hasTrimmed = (answer: string): boolean =>
  /^(?:Trim native heap: RSS|RSS before:)/m.test(answer) && !/unknown|not available|not supported/i.test(answer);
