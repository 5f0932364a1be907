import { bytesText } from '../../format.ts';
import { findingOnly, newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';

/** Less than this much difference nobody opens a ticket for. */
const LEAST_BYTES = 50 * 2 ** 20;

/** True when raw usage and the working set differ by over 50 MiB and a tenth: two dashboards, two numbers, both right. */
export function dashboardsDisagree(context: RuleContext): RuleResult | null {
  const usage = newestValue(context, 'usage');
  const workingSet = newestValue(context, 'working_set');
  if (usage === null || workingSet === null) return null;
  const difference = usage - workingSet;
  if (difference < LEAST_BYTES || difference < usage / 10) return null;
  return findingOnly({
    rule: 'dashboards-disagree',
    severity: 'info',
    title: `Dashboards are ${bytesText(difference)} apart: usage ${bytesText(usage)}, working set ${bytesText(workingSet)}`,
    evidence: { usageBytes: usage, workingSetBytes: workingSet, inactiveFileBytes: newestValue(context, 'inactive_file') },
    advice:
      'Tools that show raw usage (New Relic memoryUsedBytes, cAdvisor usage) count inactive page cache; kubectl top, kubelet and docker stats do not. Set alerts on memory that cannot be reclaimed.',
  });
}

/** True when active page cache is over 100 MiB and a tenth of the working set (kubernetes/kubernetes #43916). */
export function activeFile(context: RuleContext): RuleResult | null {
  const active = newestValue(context, 'active_file');
  const workingSet = newestValue(context, 'working_set');
  if (active === null || workingSet === null || active < 100 * 2 ** 20 || active < workingSet / 10) return null;
  return findingOnly({
    rule: 'active-file-in-working-set',
    severity: 'info',
    title: `${bytesText(active)} of the working set is page cache that was read twice`,
    evidence: { activeFileBytes: active, workingSetBytes: workingSet },
    advice:
      'Kubernetes counts it towards node-pressure eviction, but the kernel reclaims it before any OOM kill. A log shipper or grep that reads a log again does this.',
  });
}
