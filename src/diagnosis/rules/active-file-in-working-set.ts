import { bytesText } from '../../format.ts';
import { MIB } from '../../units.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Kubernetes counts this cache toward node-pressure eviction, but the kernel reclaims it before an OOM kill, as far as it is written to disk. The usual cause is a log shipper or a grep that reads a log again.';

const MIN_BYTES = 100 * MIB;
const MIN_SHARE_OF_WORKING_SET = 0.1;

/** Active page cache is a large part of the working set (kubernetes/kubernetes #43916). */
export const activeFileInWorkingSet: ConditionRule = {
  id: 'active-file-in-working-set',
  find(context) {
    const active = newestValue(context, 'active_file');
    const workingSet = newestValue(context, 'working_set');
    if (active === null || workingSet === null) return null;
    if (active < MIN_BYTES || active < MIN_SHARE_OF_WORKING_SET * workingSet) return null;
    return {
      severity: 'info',
      title: sentence`${bytesText(active)} of the working set is page cache that was read more than once`,
      evidence: { activeFileBytes: active, workingSetBytes: workingSet },
      advice: ADVICE,
      limit: null,
    };
  },
};
