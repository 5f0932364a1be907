import { rate } from '../../format.ts';
import { endWords } from '../eta-text.ts';
import { type Answer, endOf, now, type Scene, trendOf } from '../rule-context.ts';
import { soon } from './heap-floor.ts';

/** True when the number of threads keeps growing, and stacks with it. */
export function threadGrowth(scene: Scene): Answer | null {
  const share = scene.judgement.causes.find((c) => c.cause === 'threads');
  if (!share) return null;
  const perHour = trendOf(scene, 'threads')?.slopeBytesPerHour ?? null;
  const threads = now(scene, 'threads');
  const oom = endOf(scene, 'oom-kill');
  const pace =
    perHour === null
      ? 'Threads grow'
      : `Threads grow by ${perHour >= 120 ? `${Math.round(perHour / 60)} a minute` : `${Math.round(perHour)} an hour`}`;
  return {
    cause: 'threads',
    headline: `${pace}${threads === null ? '' : `, ${threads} now`}; their stacks and kernel memory take ${rate(share.bytesPerHour)}.${endWords(scene)}`,
    etas: [],
    finding: {
      rule: 'thread-growth',
      severity: soon(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'Threads are started and never end',
      evidence: {
        threadsPerHour: perHour,
        threads,
        bytesPerHour: share.bytesPerHour,
        kernelStackBytes: now(scene, 'kernel_stack'),
        liveJavaThreads: scene.jvm?.threads?.live ?? null,
      },
      advice:
        'Take a thread dump (jcmd PID Thread.print) and look for a name that repeats: an executor made per request or a timer that is never cancelled. Bound the pool.',
    },
  };
}
