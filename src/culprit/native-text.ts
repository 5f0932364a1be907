import { bytesText, joinWithAnd } from '../format.ts';
import { MIB } from '../units.ts';
import { DIRECT_BUFFERS } from './native-looks.ts';
import { releaseText } from './release-text.ts';
import type { BufferPools, Culprit, KindGrowth, NativeEvidence, PoolGrowth } from './types.ts';

/** Less than this is noise of a running program. */
const LEAST_TOLD = MIB;
const MOST_KINDS = 4;

const digits = (n: number): string => n.toLocaleString('en-US');
const more = ({ before, after }: { readonly before: number; readonly after: number }): number => after - before;

/** "180 MiB more of direct buffers (java.nio), 3,100 more of them"; null: they did not become more. */
function grownPool(name: string, { count, bytes }: PoolGrowth): string | null {
  if (more(count) <= 0) return null;
  if (bytes === null) return `${digits(more(count))} more ${name}`;
  return more(bytes) < LEAST_TOLD ? null : `${bytesText(more(bytes))} more of ${name}, ${digits(more(count))} more of them`;
}

/** What became more of java.nio's buffers beside the group that is named; "": none, or the group is the buffers. */
export function buffersText({ culprit, native }: Extract<Culprit, { state: 'named' }>): string {
  if (native === null) return '';
  const { direct, mapped } = native.pools;
  const parts = [
    culprit.name === DIRECT_BUFFERS ? null : grownPool('direct buffers (java.nio)', direct),
    grownPool('mapped buffers (java.nio)', mapped),
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : `; ${joinWithAnd(parts)}`;
}

/** What stands below the sentence: the mappings by kind, the pools as they are, and the option that tells more. */
export function nativeLines({ by, kinds, pools, remediation, released }: NativeEvidence): string[] {
  const grown = (kinds ?? []).filter((kind) => more(kind) >= LEAST_TOLD).slice(0, MOST_KINDS);
  return [
    kinds === null
      ? '  The mappings could not be read.'
      : grown.length === 0
        ? '  Of the mappings no kind grew by 1 MiB.'
        : `  By kind of mapping: ${grown.map(kindText).join('; ')}.`,
    `  ${poolsText(pools)}.`,
    ...(released === null
      ? []
      : releaseText(released, 'Memory outside the heap, with what was given back').map((line) => `  ${line}`)),
    ...(by === 'mappings' && remediation === null
      ? ['  Native memory tracking sees no growth: malloc was called by a native library, or keeps what was freed.']
      : []),
    ...(remediation === null
      ? []
      : [`  Native memory tracking is off, so the mappings tell it. It is turned on at the JVM's start by ${remediation}.`]),
  ];
}

const kindText = (kind: KindGrowth): string => `${kind.name} from ${bytesText(kind.before)} to ${bytesText(kind.after)}`;

/** "Buffers of java.nio: 3,110 direct ones of 181 MiB, 7 mapped ones" */
function poolsText({ direct, mapped }: BufferPools): string {
  const of = direct.bytes === null ? ', whose size this JDK does not tell' : ` of ${bytesText(direct.bytes.after)}`;
  return `Buffers of java.nio: ${digits(direct.count.after)} direct${of}, ${digits(mapped.count.after)} mapped${mapped.count.after > 0 && mapped.bytes !== null ? ` (all mapped files: ${bytesText(mapped.bytes.after)})` : ''}`;
}
