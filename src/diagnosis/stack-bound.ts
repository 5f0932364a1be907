import { sizeInBytes } from '../sources/jvm/jvm-flags.ts';
import { KIB, MIB } from '../units.ts';
import { newestValue, type RuleContext } from './rule-context.ts';

const STACK_SIZE = /^-Xss(\d+)([kmgt]?)$/i;
const STACK_KIB = /^-XX:ThreadStackSize=(\d+)$/;
/** On linux-x64. */
const DEFAULT_BYTES = MIB;

/** The size of a thread's stack by the JVM's flags. Threads may ask for another one. */
const stackBytes = (flags: readonly string[]): number => givenStack(flags)?.bytes ?? DEFAULT_BYTES;

/** null: no flag gives it, or the flag asks for the default. */
function givenStack(flags: readonly string[]): { readonly bytes: number; readonly flag: string } | null {
  const flag = flags.findLast((one) => STACK_SIZE.test(one) || STACK_KIB.test(one)) ?? '';
  const [, digits = '', unit = ''] = STACK_SIZE.exec(flag) ?? [];
  const bytes = digits === '' ? Number(STACK_KIB.exec(flag)?.[1] ?? 0) * KIB : sizeInBytes(digits, unit);
  return bytes > 0 ? { bytes, flag } : null;
}

export interface StackBound {
  readonly threads: number;
  readonly stackBytes: number;
  /** What all stacks have at most. */
  readonly bytes: number;
}

/** The most that the stacks of today's threads may take; null: not known, or some threads have larger stacks. */
export function stackBound(context: Pick<RuleContext, 'jvm' | 'series'>, takenBytes: number): StackBound | null {
  const threads = newestValue(context, 'threads');
  if (context.jvm === null || threads === null) return null;
  const one = stackBytes(context.jvm.flags);
  const bytes = threads * one;
  return bytes < takenBytes ? null : { threads, stackBytes: one, bytes };
}

/** What the stacks of today's threads may take by a size that a flag gives; null: none does, or the threads are not known. */
export function givenStackBound({ jvm, series }: Pick<RuleContext, 'jvm' | 'series'>) {
  const threads = newestValue({ series }, 'threads');
  const given = jvm === null ? null : givenStack(jvm.flags);
  return given === null || threads === null
    ? null
    : { bytes: threads * given.bytes, flag: given.flag, text: `${given.flag} for ${threads} threads` };
}
