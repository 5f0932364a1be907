import { bytesText, joinWithAnd } from '../format.ts';
import type { FileTrack } from '../history/series.ts';
import { lastFinite } from './growth/growth-pace.ts';
import { newestValue, type RuleContext, swappedNow } from './rule-context.ts';
import { filePart, type Sentence, sentence } from './sentence.ts';

/* How much memory is used now, and of what it consists, before anything is known about its trend. Pure. */

/** "622 MiB of 2 GiB", "72 MiB of 72 MiB and 30 MiB in swap" */
export function memoryLevelText(context: RuleContext): string {
  const usage = usageNow(context);
  const limit = context.series.limitBytes;
  if (usage === null) return 'Usage is not known';
  const swap = swapText(context, usage);
  if (typeof limit === 'number') return `${bytesText(usage)} of ${bytesText(limit)}${swap}`;
  return limit === 'max' ? `${bytesText(usage)} (no limit)${swap}` : `${bytesText(usage)}${swap}`;
}

const usageNow = (context: RuleContext): number | null => newestValue(context, 'usage') ?? newestValue(context, 'working_set');

const MIN_SWAP_SHARE = 0.05;

/** At the limit usage stands, and what the processes hold beyond it is in swap. */
function swapText(context: RuleContext, usage: number): string {
  const swap = swappedNow(context);
  const isMuch = context.steady.keep('much is in swap', swap !== null && swap >= MIN_SWAP_SHARE * usage);
  return isMuch && swap !== null ? ` and ${bytesText(swap)} in swap` : '';
}

/** A smaller share of usage is not told. */
const MIN_SHARE_OF_USAGE = 0.1;
/** One file with this share of the page cache is what it consists of. */
const MIN_SHARE_OF_CACHE = 0.5;

/** "1.2 GiB of 2 GiB now: 300 MiB anonymous memory and 850 MiB page cache. /tmp/a.log has 794 MiB of the page cache. The Java heap uses 120 MiB." */
export function memoryNowText(context: RuleContext): Sentence {
  const usage = usageNow(context);
  if (usage === null) return sentence`${memoryLevelText(context)}.`;
  const told = partsNow(context).filter(({ name, bytes }) =>
    context.steady.keep(`much is ${name}`, bytes >= MIN_SHARE_OF_USAGE * usage),
  );
  const names = joinWithAnd(told.map(({ name, bytes }) => `${bytesText(bytes)} ${name}`));
  const inside = names === '' ? '' : `: ${names}`;
  const file = told.some(({ name }) => name === CACHE) ? largestFile(context) : null;
  const ofFile = file === null ? '' : sentence`. ${filePart(file.path)} has ${bytesText(file.bytes)} of the page cache`;
  const heap = newestValue(context, 'heap_used');
  return sentence`${memoryLevelText(context)} now${inside}${ofFile}.${heap === null ? '' : ` The Java heap uses ${bytesText(heap)}.`}`;
}

const CACHE = 'page cache';

/** In the order of the page's chart. */
const partsNow = (context: RuleContext): { readonly name: string; readonly bytes: number }[] => [
  { name: 'anonymous memory', bytes: newestValue(context, 'anon') ?? 0 },
  { name: 'tmpfs and shared memory', bytes: newestValue(context, 'shmem') ?? 0 },
  { name: CACHE, bytes: pageCacheNow(context) },
  { name: 'kernel memory', bytes: newestValue(context, 'kernel') ?? 0 },
];

const pageCacheNow = (context: RuleContext): number =>
  Math.max(0, (newestValue(context, 'file') ?? 0) - (newestValue(context, 'shmem') ?? 0));

/** Only a file that was written since the process began is certainly in this container's share of the page cache. */
const isWritten = ({ isOwn, fileSystem, residentBytes }: FileTrack): boolean =>
  isOwn && fileSystem?.kind !== 'tmpfs' && lastFinite(residentBytes) !== null;

function largestFile(context: RuleContext): { readonly path: string; readonly bytes: number } | null {
  const cache = pageCacheNow(context);
  const [largest] = context.series.files
    .filter(isWritten)
    .map(({ path, residentBytes }) => ({ path, bytes: Math.min(lastFinite(residentBytes)!, cache) }))
    .sort((a, b) => b.bytes - a.bytes);
  if (largest === undefined || cache === 0) return null;
  const isMost = context.steady.keep(`${largest.path} is most page cache`, largest.bytes >= MIN_SHARE_OF_CACHE * cache);
  return isMost ? largest : null;
}
