import { bytesText, processText } from '../format.ts';
import { directBuffersGrow, directMemoryLimit } from './direct-memory.ts';
import type { LedgerPartId } from './ledger/part-table.ts';
import { partsNow } from './outside-heap.ts';
import { newestValue, type RuleContext } from './rule-context.ts';
import { sizeFlag } from './size-flag.ts';
import { givenStackBound } from './stack-bound.ts';

/** Memory that the flags of the JVM, or those of another one in the container, still allow outside the heap. */
export interface PlannedRoom {
  /** The part of the ledger that it would be in; null: the heap of another JVM. */
  readonly part: LedgerPartId | null;
  readonly bytes: number;
  readonly text: string;
  /** null: it is a default of the JVM. */
  readonly flag: string | null;
}

interface Bound {
  readonly part: LedgerPartId;
  /** Parts of the ledger that are bounded together with it. */
  readonly with?: readonly LedgerPartId[];
  readonly of: (context: RuleContext) => Omit<PlannedRoom, 'part'> | null;
}

const BOUNDS: readonly Bound[] = [
  { part: 'direct-buffers', of: directMemory },
  { part: 'metaspace', with: ['class-space'], of: byFlag('MaxMetaspaceSize') },
  { part: 'code-cache', of: byFlag('ReservedCodeCacheSize') },
  { part: 'thread-stacks', of: givenStackBound },
];

/** What may still come outside the heap. Only bounds that were given are a plan: hardly any program takes what the defaults allow. */
export function plannedRooms(context: RuleContext, outside: number): readonly PlannedRoom[] {
  const parts = partsNow(context);
  const metaspace = newestValue(context, 'metaspace') ?? 0;
  // Without the mappings, all memory other than metaspace may already be what is planned.
  let unknown = Math.max(0, outside - metaspace);
  const takenOf = ({ part, with: others = [] }: Bound, most: number): number => {
    if (parts !== null) return sumOf(parts.filter(({ id }) => id === part || others.some((other) => other === id)));
    if (part === 'metaspace') return metaspace;
    const taken = Math.min(most, unknown);
    unknown -= taken;
    return taken;
  };
  const own = BOUNDS.flatMap((bound): PlannedRoom[] => {
    const most = bound.of(context);
    return most === null ? [] : [{ ...most, part: bound.part, bytes: Math.max(0, most.bytes - takenOf(bound, most.bytes)) }];
  });
  return [...own, ...heapsOfOthers(context)].filter(({ bytes }) => bytes > 0);
}

const sumOf = (parts: readonly { readonly bytes: number }[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

function byFlag(name: string): Bound['of'] {
  return ({ jvm }) => {
    const given = sizeFlag(jvm, name);
    return given === null ? null : { ...given, text: given.flag };
  };
}

/** The default of direct memory counts only where direct buffers grow. */
function directMemory(context: RuleContext): Omit<PlannedRoom, 'part'> | null {
  const most = directMemoryLimit(context);
  const grows = context.steady.keep('direct buffers grow', directBuffersGrow(context));
  return most === null || (most.flag === null && !grows) ? null : most;
}

/** Heaps of the other JVMs of the container, which may grow up to their own -Xmx. */
const heapsOfOthers = ({ otherJvms }: RuleContext): PlannedRoom[] =>
  otherJvms.flatMap(({ pid, name, heapPlan }): PlannedRoom[] =>
    heapPlan === null
      ? []
      : [
          {
            part: null,
            bytes: heapPlan.maxBytes - heapPlan.committedBytes,
            text: `-Xmx of ${processText(`pid ${pid}`, name)} is ${bytesText(heapPlan.maxBytes)}`,
            flag: null,
          },
        ],
  );
