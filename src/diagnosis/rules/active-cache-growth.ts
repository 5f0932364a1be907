import { bytesText, rateText } from '../../format.ts';
import type { CauseRule } from '../rule.ts';
import { growthOf, newestValue, type RuleContext, unwrittenBytes } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Find who reads the same files again: a search over the logs, a log shipper that starts again, a backup, an index that is scanned (`memhound explain` lists the files). Kubernetes evicts by the working set when the node runs short, so raise the memory request to the working set, or read with POSIX_FADV_DONTNEED or direct I/O. A larger heap does not help.';

const UNWRITTEN_ADVICE =
  'The volume takes less than the program writes: write less at a time, or use a faster volume. Where memory is not short at the same time, files that are read again and again have the same effect (`memhound explain` lists the files). Kubernetes evicts by the working set when the node runs short.';

/** Existing page cache is read again and becomes active: the working set grows by it, and usage does not. */
export const activeCacheGrowth: CauseRule = {
  id: 'active-cache-growth',
  cause: 'active-cache',
  explain(context, share) {
    // The working set may stand by now, while the cause is still published: then its last pace is the cause's own.
    const pace = growthOf(context, 'working_set') || share.bytesPerHour;
    const usageGrows = growthOf(context, 'usage') > 0;
    const unwritten = unwrittenBytes(context);
    const start = usageGrows ? 'The working set (kubectl top) grows' : 'Usage is flat, but the working set (kubectl top) grows';
    return {
      headline: sentence`${start} ${rateText(pace)}${nowText(context)}: ${whyActive(unwritten)}. Not a leak: the kernel can take it back${unwritten === null ? '' : ' once it is written'}, but node-pressure eviction counts it.`,
      severity: 'info',
      title:
        unwritten === null
          ? sentence`The working set grows by page cache that is read more than once`
          : sentence`The working set grows by page cache that waits to be written`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        workingSetBytes: newestValue(context, 'working_set'),
        activeFileBytes: newestValue(context, 'active_file'),
        inactiveFileBytes: newestValue(context, 'inactive_file'),
        usageBytes: newestValue(context, 'usage'),
      },
      advice: unwritten === null ? ADVICE : UNWRITTEN_ADVICE,
    };
  },
};

/** The kernel moves pages that it wants to take back, and that are not written yet, to the active list. */
const whyActive = (unwritten: number | null): string =>
  unwritten === null
    ? 'page cache that is read more than once becomes active'
    : `page cache becomes active while it waits to be written, ${bytesText(unwritten)} now`;

/** ", 265 MiB of 268 MiB now" */
function nowText(context: RuleContext): string {
  const workingSet = newestValue(context, 'working_set');
  const usage = newestValue(context, 'usage');
  if (workingSet === null) return '';
  return usage === null ? `, ${bytesText(workingSet)} now` : `, ${bytesText(workingSet)} now of ${bytesText(usage)} used`;
}
