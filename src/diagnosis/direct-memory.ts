import { LEDGER_PARTS } from './ledger/part-table.ts';
import type { RuleContext } from './rule-context.ts';
import { sizeFlag } from './size-flag.ts';

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

/** Whether direct buffers are what grows, as far as the mappings tell them from other large blocks. */
export const directBuffersGrow = ({ evaluation }: Pick<RuleContext, 'evaluation'>): boolean =>
  evaluation.causes.some(({ cause, what }) => cause === 'native' && what === LEDGER_PARTS['direct-buffers'].name);
