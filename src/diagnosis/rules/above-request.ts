import { bytesText } from '../../format.ts';
import { workingSetAgainstRequest } from '../finding-limit.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Under node memory pressure the kubelet first evicts pods above their request. When that happens cannot be seen from inside a pod. Raise the request to what the app needs.';

/** The working set is above the memory request: this pod is among the first to be evicted when the node runs short. */
export const aboveRequest: ConditionRule = {
  id: 'above-request',
  find(context) {
    const request = context.pod.memoryRequestBytes;
    const workingSet = newestValue(context, 'working_set');
    if (request === null || workingSet === null || workingSet <= request) return null;
    return {
      severity: 'warn',
      title: sentence`The working set (${bytesText(workingSet)}) is above the memory request (${bytesText(request)})`,
      evidence: { workingSetBytes: workingSet, memoryRequestBytes: request },
      advice: ADVICE,
      limit: workingSetAgainstRequest(context),
    };
  },
};
