import { findingOnly, type RuleContext, type RuleResult } from '../rule-context.ts';

/** A kill within a day is what somebody is looking for; an older one is a thing to know. */
const RECENT_S = 86_400;

/** True when the OOM killer struck in the history at hand, be it in a former life of the container. */
export function oomKilled(context: RuleContext): RuleResult | null {
  const kills = context.series.events.filter((e) => e.type === 'oom_kill');
  const last = kills[kills.length - 1];
  if (!last) return null;
  return findingOnly({
    rule: 'oom-killed',
    severity: context.atMs / 1000 - last.t <= RECENT_S ? 'critical' : 'warn',
    title: `The OOM killer struck ${kills.length === 1 ? 'once' : `${kills.length} times`}, last at ${new Date(last.t * 1000).toISOString()}`,
    evidence: { count: kills.length, lastAt: new Date(last.t * 1000).toISOString(), limitBytes: context.series.limitBytes },
    advice:
      'Ask for the final verdict of the container that died: /api/v1/verdict?epoch=-1. If the heap was flat then, memory outside the heap did it.',
  });
}

/** True when the container was restarted in the history at hand. */
export function restarted(context: RuleContext): RuleResult | null {
  const restarts = context.series.events.filter((e) => e.type === 'restart');
  const last = restarts[restarts.length - 1];
  if (!last) return null;
  return findingOnly({
    rule: 'restarted',
    severity: 'info',
    title: `The container was restarted ${restarts.length === 1 ? 'once' : `${restarts.length} times`} in this history`,
    evidence: { count: restarts.length, lastAt: new Date(last.t * 1000).toISOString() },
    advice: 'Nothing is fitted across a restart: each life is judged on its own.',
  });
}
