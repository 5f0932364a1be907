import { bytesText } from '../../format.ts';
import { usageAgainstLimit } from '../finding-limit.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue, unwrittenBytes } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'The kernel can take this cache back only after it is written. On a slow disk or a network file system (NFS, a throttled volume) the app may stall at the limit, or be OOM-killed. Write less at a time, call fsync or force now and then, or use a faster volume; `grep -E "dirty|writeback" memory.stat` shows whether it falls.';

const NEAR_LIMIT_SHARE = 0.9;

/** Much of the page cache is not on disk yet, so the kernel cannot reclaim it as easily as other cache. */
export const unwrittenCache: ConditionRule = {
  id: 'unwritten-cache',
  find(context) {
    const bytes = unwrittenBytes(context);
    if (bytes === null) return null;
    return {
      severity: (newestValue(context, 'usage') ?? 0) >= NEAR_LIMIT_SHARE * Number(context.series.limitBytes) ? 'warn' : 'info',
      title: sentence`${bytesText(bytes)} of the page cache wait to be written: the kernel cannot take them back before that`,
      evidence: {
        dirtyBytes: newestValue(context, 'file_dirty'),
        writebackBytes: newestValue(context, 'file_writeback'),
        fileBytes: newestValue(context, 'file'),
        limitBytes: context.series.limitBytes,
      },
      advice: ADVICE,
      limit: usageAgainstLimit(context),
    };
  },
};
