import type { Verdict } from '../diagnosis/types.ts';
import type { FleetRow, Growth, RowSummary } from './types.ts';

/** What is kept of a row. Its properties are named one by one: V8 gives each copy of the rest of an object (`...row`) a hidden class of its own, 0.6 KiB. */
export function summaryOf({ cluster, namespace, pod, container, owner, formerPods, sidecar, verdict }: FleetRow): RowSummary {
  const { trend, cause, eta, target } = verdict;
  const isOfSidecar = verdict.leak === null && sidecar !== null && sidecar.leak !== null;
  return {
    cluster,
    namespace,
    pod,
    container,
    owner,
    formerPods,
    sidecar,
    trend,
    leak: isOfSidecar ? sidecar.leak : verdict.leak,
    confidence: (isOfSidecar ? sidecar.confidence : null) ?? verdict.confidence,
    cause,
    growth: growthOf(verdict),
    eta,
    limitBytes: 'limitBytes' in target ? target.limitBytes : null,
  };
}

/** The growth of the leading cause: the steepest of the fields that it was found by. Without a cause, that of usage if it grows. */
function growthOf({ cause, causeBasis, fields }: Verdict): Growth | null {
  const trends = (causeBasis.find((basis) => basis.cause === cause)?.trends ?? []).filter(
    ({ slopeBytesPerHour }) => slopeBytesPerHour !== null,
  );
  trends.sort((a, b) => b.slopeBytesPerHour! - a.slopeBytesPerHour!);
  const [steepest] = trends;
  if (steepest !== undefined)
    return { field: steepest.field, bytesPerHour: steepest.slopeBytesPerHour!, low: steepest.low, high: steepest.high };
  for (const field of ['usage', 'working_set', 'anon'] as const) {
    const trend = fields[field];
    if (trend?.trend === 'growing' && trend.slopeBytesPerHour !== null)
      return { field, bytesPerHour: trend.slopeBytesPerHour, low: trend.low, high: trend.high };
  }
  return null;
}
