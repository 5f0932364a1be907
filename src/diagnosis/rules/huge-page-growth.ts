import { etaText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Look for who maps them: `grep -l hugetlb /proc/[0-9]*/smaps`, and files on a mount of type hugetlbfs. With -XX:+UseLargePages they are the Java heap, the code cache and metaspace: bound those by -Xmx, or start without the flag.';

/** Reserved huge pages grow, on a kernel that charges them to the memory cgroup. */
export const hugePageGrowth: CauseRule = {
  id: 'huge-page-growth',
  cause: 'huge-pages',
  explain(context, share) {
    return {
      headline: sentence`Huge pages (hugetlb) grow ${steadyRateText(context, share.cause, share.bytesPerHour)}, and the kernel cannot take them back.${etaText(context)}`,
      severity: oomSeverity(context),
      title: sentence`Huge pages grow`,
      evidence: { bytesPerHour: share.bytesPerHour, hugetlbBytes: newestValue(context, 'hugetlb') },
      advice: ADVICE,
    };
  },
};
