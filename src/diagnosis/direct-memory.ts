import { booleanFlag } from '../sources/jvm/jvm-flags.ts';
import { LEDGER_PARTS } from './ledger/part-table.ts';
import type { RuleContext } from './rule-context.ts';
import { fitsLimit, sizeFlag } from './size-flag.ts';

/** The most that direct buffers may take, and where that is from. */
interface DirectMemoryLimit {
  readonly bytes: number;
  /** null: the flag is not given, and the limit is that of the heap. */
  readonly flag: string | null;
  readonly text: string;
}

/**
 * The most that direct buffers may take by -XX:MaxDirectMemorySize, of which the last one of several is valid, or else as much as -Xmx, which is
 * the JVM's default. null: neither is known.
 */
export function directMemoryLimit({ jvm, series }: Pick<RuleContext, 'jvm' | 'series'>): DirectMemoryLimit | null {
  if (jvm === null) return null;
  const given = sizeFlag(jvm, 'MaxDirectMemorySize');
  if (given !== null) return { ...given, text: given.flag };
  const { heapMaxBytes } = series;
  if (typeof heapMaxBytes !== 'number') return null;
  return {
    bytes: heapMaxBytes,
    flag: null,
    text: 'as much as -Xmx, since -XX:MaxDirectMemorySize is not given',
  };
}

/**
 * The most that direct buffers may take, of which there are so many bytes now, if the limit of the container has room for it: there the JVM collects.
 * null: nothing bounds them before that.
 */
export function directBound(context: RuleContext, bytesNow: number): DirectMemoryLimit | null {
  const most = directMemoryLimit(context);
  // Under another allocator than glibc's all that malloc holds looks like large blocks.
  const isOnlyDefault = most?.flag === null && context.allocator !== null && context.allocator !== 'glibc';
  return most === null || isOnlyDefault || !fitsLimit(context, most.bytes - bytesNow) ? null : most;
}

/** Whether nothing is collected where direct buffers end. */
export const hasNoExplicitCollections = ({ jvm }: Pick<RuleContext, 'jvm'>): boolean =>
  booleanFlag(jvm?.flags ?? [], 'DisableExplicitGC') === true;

/** Whether direct buffers are what grows, as far as the mappings tell them from other large blocks. */
export const directBuffersGrow = ({ evaluation }: Pick<RuleContext, 'evaluation'>): boolean =>
  evaluation.causes.some(({ cause, what }) => cause === 'native' && what === LEDGER_PARTS['direct-buffers'].name);
