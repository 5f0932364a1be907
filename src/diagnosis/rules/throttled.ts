import type { FieldId } from '../../fields.ts';
import { bytesText, durationText } from '../../format.ts';
import { lowerBound } from '../../trends/field/block-means.ts';
import { MINUTE_S } from '../../units.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue, type RuleContext, unreclaimableNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'memory.high is no limit that kills: the kernel makes the processes wait and reclaims. Kubernetes sets it with the feature gate MemoryQoS, between request and limit (memoryThrottlingFactor). Raise the request or the limit, or lower -Xmx: requests of the app are slow until what cannot be reclaimed is below memory.high.';

/** Throttling is counted over this time before the newest sample. */
const WINDOW_S = 10 * MINUTE_S;
const STALLED_SHARE = 0.01;
const BADLY_STALLED_SHARE = 0.1;
/** Below this share of memory.high, the kernel has cache to reclaim, and no process waits for long. */
const MIN_UNRECLAIMABLE_SHARE = 0.9;

/** Usage is at memory.high: nothing is killed, but everything is slow. */
export const throttled: ConditionRule = {
  id: 'throttled',
  find(context) {
    const high = newestValue(context, 'high');
    const hits = recentRise(context, 'high_hits');
    if (high === null || hits === null || hits.rise <= 0) return null;
    const stalled = recentRise(context, 'psi_full_seconds');
    const share = stalled === null ? null : stalled.rise / stalled.seconds;
    const waits = share !== null && share >= STALLED_SHARE;
    const isFull = (unreclaimableNow(context) ?? 0) >= MIN_UNRECLAIMABLE_SHARE * high;
    const waited = waits ? `, and all its processes waited for memory ${Math.round(share * 100)} % of that time` : '';
    const title = sentence`The kernel slows the container down at memory.high (${bytesText(high)}): ${hits.rise} times in ${durationText(hits.seconds)}${waited}`;
    return {
      severity: share !== null && share >= BADLY_STALLED_SHARE ? 'critical' : waits || isFull ? 'warn' : 'info',
      title,
      ...(waits || isFull ? { lead: sentence`${title}.` } : {}),
      outcome: 'slowed down by the kernel',
      evidence: {
        highBytes: high,
        usageBytes: newestValue(context, 'usage'),
        unreclaimableBytes: unreclaimableNow(context),
        throttlings: hits.rise,
        stalledSeconds: stalled?.rise ?? null,
        seconds: hits.seconds,
      },
      advice: ADVICE,
      limit: { kind: 'memory-high', bytes: high, level: 'usage', levelBytes: newestValue(context, 'usage') },
    };
  },
};

/** The rise of a counter over the last minutes; null: not known, or the counter was reset. */
function recentRise({ series }: RuleContext, field: FieldId): { readonly rise: number; readonly seconds: number } | null {
  const column = series.fields.get(field);
  const last = column?.findLastIndex(Number.isFinite) ?? -1;
  if (column === undefined || last < 0) return null;
  const end = series.t[last]!;
  let first = lowerBound(series.t, end - WINDOW_S - series.intervalS, 0, last);
  while (!Number.isFinite(column[first])) first++;
  const rise = column[last]! - column[first]!;
  return first < last && rise >= 0 ? { rise, seconds: end - series.t[first]! } : null;
}
