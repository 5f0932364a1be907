import type { Verdict } from '../../src/diagnosis/types.ts';

/** What in a verdict cannot be true together; empty: it is of one state. */
export function contradictionsIn({ trend, leak, causes, cause, etas, headline }: Verdict): string[] {
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
  return found;
}
