import { etaText } from '../eta-text.ts';
import { holderOfSockets } from '../held-kernel-objects.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Find the connections whose queues are long: `ss -tm` in the pod shows Recv-Q and Send-Q, `ss -um` those of UDP. Received data that is not read: a reader that stopped or is too slow. Sent data that is not acknowledged: a peer that stopped; set timeouts, and close idle connections. The bound of each socket is the third figure of net.ipv4.tcp_rmem and tcp_wmem (`sysctl net.ipv4.tcp_rmem net.ipv4.tcp_wmem`), of UDP net.core.rmem_max, or what SO_RCVBUF and SO_SNDBUF set.';

/** Socket buffers grow: data that was sent and not acknowledged, or received and not read. */
export const sockGrowth: CauseRule = {
  id: 'sock-growth',
  cause: 'sock',
  explain(context, share) {
    return {
      headline: sentence`Socket buffers grow ${steadyRateText(context, share.cause, share.bytesPerHour)}: data that was received and not read, or sent and not taken by the peer.${holderOfSockets(context)}${endText(context)}`,
      severity: oomSeverity(context),
      title: sentence`Socket buffers grow: connections that nobody reads`,
      evidence: { bytesPerHour: share.bytesPerHour, sockBytes: newestValue(context, 'sock') },
      advice: ADVICE,
    };
  },
};

const endText = (context: RuleContext): string =>
  context.target.cgroup.version === 1
    ? ' cgroup v1 does not count them toward the memory limit: they end at memory.kmem.tcp.limit_in_bytes or at net.ipv4.tcp_mem of the node.'
    : etaText(context);
