import { dueText } from '../format.ts';
import type { Eta, EtaEvent } from '../trends/types.ts';

const EVENTS: Readonly<Record<EtaEvent, string>> = {
  'oom-kill': 'OOM kill',
  'heap-exhausted': 'OutOfMemoryError',
  'disk-full': 'full disk',
  reclaim: 'reclaim',
};

/** What growth ends in, and when: "OOM kill in 5 to 6 days". */
export const endText = ({ event, low, high }: Eta): string => `${EVENTS[event]} ${dueText(low, high)}`;
