import { bytesText } from '../../format.ts';
import { MIB } from '../../units.ts';
import { etaDueText } from '../eta-text.ts';
import { unreclaimableAgainstLimit } from '../finding-limit.ts';
import { endByOthers } from '../growth/shared-limit-end.ts';
import type { ConditionRule } from '../rule.ts';
import { etaOf, growthOf, isImminent, newestValue, roomNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const BY_ENDED =
  'What containers that ended wrote to a tmpfs stays charged to the pod: delete the files of an emptyDir with medium Memory that nobody needs any more, or give it a sizeLimit. It goes with the pod.';
const BY_OTHERS =
  'The limit is that of the group above the container, such as the pod: when the group meets it, the kernel ends a process of any container in the group. Look at the other containers too, and give each a limit of its own.';

const ENDED_UNKNOWN =
  " Whether containers that have ended hold a part of it is not known here: only the pod's group in the tree of the node shows that.";

const MIN_BYTES = 16 * MIB;
const MIN_SHARE_OF_LIMIT = 0.05;

/** The limit that counts is not the container's own, and others hold a part of it: other containers, or ended ones whose tmpfs files stay. */
export const limitShared: ConditionRule = {
  id: 'limit-shared',
  find(context) {
    const { limitBytes } = context.series;
    const elsewhere = newestValue(context, 'held_elsewhere');
    const known = newestValue(context, 'held_by_ended');
    const ended = known ?? 0;
    if (elsewhere === null || typeof limitBytes !== 'number') return null;
    if (elsewhere < Math.max(MIN_BYTES, MIN_SHARE_OF_LIMIT * limitBytes)) return null;
    const isByEnded = ended >= Math.max(MIN_BYTES, elsewhere / 2);
    const ofEnded = ended >= MIN_BYTES ? `, ${bytesText(ended)} of it charged by containers that have ended` : '';
    const growth = growthOf(context, 'held_elsewhere');
    const grows = context.steady.keep('others of the limit grow', growth > 0, { atOnce: (before) => !before });
    const end = grows ? endByOthers(context.evaluation, roomNow(context)) : null;
    const pace = grows && growth > 0 ? ` and grow ${steadyRateText(context, 'held elsewhere', growth)}` : '';
    const title = sentence`${bytesText(elsewhere)} of the ${bytesText(limitBytes)} limit are held outside of this container${ofEnded}${pace}`;
    const isNear = isImminent(end?.seconds ?? null);
    return {
      severity: isNear ? 'critical' : 'warn',
      title,
      ...(end !== null && isNear && context.evaluation.trend !== 'growing'
        ? {
            lead: sentence`${title}: the limit is reached ${etaDueText(context, end)}, and the kernel then ends a process of any container that shares it. In this container:`,
          }
        : {}),
      ...(end === null ? {} : { outcome: 'ends in an OOM kill in the group that shares the limit' }),
      evidence: {
        heldElsewhereBytes: elsewhere,
        heldByEndedBytes: known,
        limitBytes,
        ...(end === null ? {} : { elsewhereBytesPerHour: growth, secondsToLimit: Math.round(end.seconds) }),
      },
      etas: end === null || etaOf(context, 'oom-kill') !== null ? [] : [end],
      advice: isByEnded ? BY_ENDED : known === null ? `${BY_OTHERS}${ENDED_UNKNOWN}` : BY_OTHERS,
      limit: unreclaimableAgainstLimit(context),
    };
  },
};
