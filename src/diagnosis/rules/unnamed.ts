import { rate } from '../../format.ts';
import { type Answer, growth, note, now, type Scene } from '../rule-context.ts';

/** True when usage grows and no cause of it is known yet: what looks at it now would lose least time. */
export function unnamedGrowth(scene: Scene): Answer | null {
  const { trend, leak, causes } = scene.judgement;
  const perHour = growth(scene, 'usage');
  if (trend !== 'growing' || leak !== null || causes.length > 0 || perHour <= 0) return null;
  return note({
    rule: 'unnamed-growth',
    severity: 'warn',
    title: `Usage grows ${rate(perHour)}, and what makes it grow is not known yet`,
    evidence: {
      bytesPerHour: perHour,
      usageBytes: now(scene, 'usage'),
      anonBytes: now(scene, 'anon'),
      heapUsedBytes: now(scene, 'heap_used'),
      limitBytes: scene.series.limitBytes,
    },
    advice:
      scene.jvm === null
        ? 'Keep a baseline now, to compare in an hour: `memhound explain --json > before.json`. A rise that comes with the load of the day ends by itself.'
        : 'Keep a baseline now, to compare in an hour: `memhound explain --json > before.json` and, if the JVM may be asked, `jcmd PID GC.class_histogram`. A rise that comes with the load of the day, or a heap that fills for the first time, ends by itself.',
  });
}
