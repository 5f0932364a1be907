import { bytesText } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Compare the processes: `grep VmPTE /proc/[0-9]*/status`. Many processes: each has page tables of its own, so limit how many run. One process with many: it maps much and touches little of each part. Look for mapped files that are never unmapped (`wc -l /proc/PID/maps`, MappedByteBuffer, FileChannel.map) and for sparse use of a large mapping (a heap far larger than what is used). Huge pages need fewer page tables.';

/** Page tables grow by more than the memory that they map requires. */
export const pageTableGrowth: CauseRule = {
  id: 'page-table-growth',
  cause: 'page-tables',
  explain(context, share) {
    return {
      headline: sentence`Page tables grow ${steadyRateText(context, share.cause, share.bytesPerHour)}${nowText(context)}: many processes, or mappings of which little is touched.${etaText(context)}`,
      severity: oomSeverity(context),
      title: sentence`Page tables grow`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        pageTableBytes: newestValue(context, 'pagetables'),
        secondaryPageTableBytes: newestValue(context, 'sec_pagetables'),
        ofProcessBytes: newestValue(context, 'process_pagetables'),
      },
      advice: ADVICE,
    };
  },
};

/** ", 93 MiB now, 90 MiB of them of pid 7" */
function nowText(context: RuleContext): string {
  const all = newestValue(context, 'pagetables');
  const own = newestValue(context, 'process_pagetables');
  const { pid } = context.target;
  const now = all ?? own;
  const ofProcess =
    all === null || own === null || pid === null ? '' : `, ${bytesText(Math.min(own, all))} of them of pid ${pid}`;
  return now === null ? '' : `, ${bytesText(now)} now${ofProcess}`;
}
