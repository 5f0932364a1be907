import { SECOND_MS } from '../../units.ts';
import type { ConditionRule } from '../rule.ts';
import { sentence } from '../sentence.ts';

const ADVICE = 'Each run of the container is evaluated on its own. No trend line crosses a restart.';

/** The container was restarted in this history. */
export const restarted: ConditionRule = {
  id: 'restarted',
  find(context) {
    const restarts = context.series.events.filter((e) => e.type === 'restart');
    const last = restarts.at(-1);
    if (last === undefined) return null;
    const times = restarts.length === 1 ? 'once' : `${restarts.length} times`;
    return {
      severity: 'info',
      title: sentence`The container was restarted ${times} in this history`,
      evidence: { count: restarts.length, lastAt: new Date(last.t * SECOND_MS).toISOString() },
      advice: ADVICE,
      limit: null,
    };
  },
};
