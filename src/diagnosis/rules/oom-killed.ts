import { DAY_S, SECOND_MS } from '../../units.ts';
import type { ConditionRule } from '../rule.ts';
import { sentence, timePart } from '../sentence.ts';

const ADVICE =
  'Read the final verdict of the container that was killed: /api/v1/verdict?epoch=-1. If its heap was flat, memory outside the heap grew.';

/** A kill within a day is what somebody is looking for; an older one is good to know. */
const RECENT_SECONDS = DAY_S;

/** The OOM killer struck in this history, also in an earlier run of the container. */
export const oomKilled: ConditionRule = {
  id: 'oom-killed',
  find(context) {
    const kills = context.series.events.filter((e) => e.type === 'oom_kill');
    const last = kills.at(-1);
    if (last === undefined) return null;
    const lastAt = timePart(last.t * SECOND_MS);
    const isRecent = context.atMs / SECOND_MS - last.t <= RECENT_SECONDS;
    return {
      severity: isRecent ? 'critical' : 'warn',
      title: kills.length === 1 ? sentence`1 OOM kill, at ${lastAt}` : sentence`${kills.length} OOM kills, the last at ${lastAt}`,
      outcome: 'was OOM-killed',
      evidence: {
        count: kills.length,
        lastAt: new Date(last.t * SECOND_MS).toISOString(),
        limitBytes: context.series.limitBytes,
      },
      advice: ADVICE,
    };
  },
};
