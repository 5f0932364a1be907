import type { Verdict } from '../../src/diagnosis/types.ts';
import { DAY_S, HOUR_S, MINUTE_S } from '../../src/units.ts';

/** What in a verdict cannot be true together; empty: it is of one state. */
export function contradictionsIn(verdict: Verdict): string[] {
  const { trend, leak, causes, cause, etas, headline, fields } = verdict;
  const found: string[] = [];
  const check = (isRight: boolean, what: string): void => {
    if (!isRight)
      found.push(`${what}: trend ${trend}, leak ${leak}, causes ${causes.map((c) => c.cause).join('+')}: ${headline}`);
  };
  const isUnreclaimable = causes.some(({ reclaimable }) => !reclaimable);
  const ends = etas.some(({ event }) => event === 'oom-kill' || event === 'heap-exhausted');
  check(!isUnreclaimable || leak !== false, 'memory that cannot be reclaimed grows, and it is no leak');
  check(leak !== true || isUnreclaimable, 'a leak without a cause');
  check(cause === (causes[0]?.cause ?? 'none'), 'another cause comes first');
  check(causes.length === 0 || trend === 'growing', 'a cause of growth, and nothing grows');
  check(trend !== 'growing' || !/Nothing grows|steady for/.test(headline), 'growing, and the headline says that nothing grows');
  check(trend === 'growing' || !/\bgrows? (?!\w* again)|\brises /.test(headline), 'the headline says that something grows');
  check(
    leak !== false || !/OOM kill (?:in|within|now)|OutOfMemoryError|until the node/.test(headline),
    'an end, and it is no leak',
  );
  check(leak !== true || !/not a leak/.test(headline), 'the headline says that it is no leak');
  check(!ends || leak !== false, 'time to an end, and it is no leak');
  check(
    fields.usage === undefined || fields.usage.trend === 'growing' || !/^Memory used grows/.test(headline),
    'memory used does not grow',
  );
  return found;
}

/** Bytes a second of "2.5 MB a minute". */
function rateOf(text: string): number {
  const [, digits, unit, per] = /^([\d.]+) (bytes|kB|MB|GB) an? (second|minute|hour|day)$/.exec(text)!;
  const seconds = { second: 1, minute: MINUTE_S, hour: HOUR_S, day: DAY_S }[per as 'second'];
  return (Number(digits) * { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[unit as 'MB']) / seconds;
}

const RATE = '[\\d.]+ (?:bytes|kB|MB|GB) an? (?:second|minute|hour|day)';
/** A whole, the share of one part in it, and another part beside it. */
const WITH_PARTS = new RegExp(
  `^Memory used grows (${RATE}), (all|\\d+ %) of it .*(?:(?:Anonymous memory|Metaspace|Memory outside the Java heap|Shared memory) grows|The Java heap fills beside it,) (${RATE})`,
);
/** "All of it" may be a little less, and rates have two or three digits. */
const TOLERANCE = 0.25;
/** Causes whose bytes are part of usage. */
const OF_USAGE: readonly string[] = ['page-cache', 'shmem', 'native', 'process', 'threads', 'metaspace'];

/** What grows faster than the whole that it is a part of; empty: the parts of the verdict add up. */
export function excessesIn({ causes, fields: { usage }, headline }: Verdict): string[] {
  const [, whole, share, beside] = WITH_PARTS.exec(headline) ?? [];
  const shown =
    whole === undefined ? 0 : (share === 'all' ? 1 : Number.parseInt(share!, 10) / 100) + rateOf(beside!) / rateOf(whole);
  const most = (1 + TOLERANCE) * Math.max(usage?.slopeBytesPerHour ?? 0, usage?.high ?? 0);
  const faster = causes.filter(
    ({ cause, bytesPerHour }) => usage?.trend === 'growing' && OF_USAGE.includes(cause) && bytesPerHour > most,
  );
  return [
    ...(shown > 1 + TOLERANCE ? [`parts are ${shown.toFixed(2)} of their whole: ${headline}`] : []),
    ...faster.map(({ cause }) => `${cause} grows faster than all memory used: ${headline}`),
  ];
}
