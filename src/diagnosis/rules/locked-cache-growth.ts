import { etaText } from '../eta-text.ts';
import { fileSituation, filesText } from '../grown-files-text.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Find who locks: `grep -E "VmLck|VmPin" /proc/[0-9]*/status`. mlockall locks every mapped file too (bootstrap.memory_lock of Elasticsearch and OpenSearch, memlock options of databases, `vmtouch -l`). Switch it off, or bound it: `ulimit -l`, or leave out the capability IPC_LOCK.';

/** Page cache that a process has locked in memory grows: it looks like cache, but the kernel cannot reclaim it. */
export const lockedCacheGrowth: CauseRule = {
  id: 'locked-cache-growth',
  cause: 'locked-cache',
  explain(context, share) {
    // Where other cache grows too, it is not known which of the files are locked.
    const isAlone = !context.evaluation.causes.some(({ cause }) => cause === 'page-cache');
    const [row = null] = isAlone ? context.grown['page-cache'] : [];
    const files = row === null ? '' : sentence`, that of ${filesText(row, fileSituation(row, context), context)}`;
    return {
      headline: sentence`Page cache that is locked in memory (mlock) grows ${steadyRateText(context, share.cause, share.bytesPerHour)}${files}. Dashboards count it as cache, but the kernel cannot take it back.${etaText(context)}`,
      severity: oomSeverity(context),
      title: sentence`Page cache that is locked in memory grows`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        unevictableBytes: newestValue(context, 'unevictable'),
        fileBytes: newestValue(context, 'file'),
        ...(row === null ? {} : { path: row.path, files: row.files }),
      },
      advice: ADVICE,
    };
  },
};
