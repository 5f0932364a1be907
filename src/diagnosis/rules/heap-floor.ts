import { level, rate, span } from '../../format.ts';
import { noLimitWords } from '../eta-text.ts';
import { type Answer, endOf, now, type Scene } from '../rule-context.ts';

/** True when the heap's floor after collections keeps rising: what survives GC grows. A saw-tooth over a level floor is healthy. */
export function heapFloor(scene: Scene): Answer | null {
  const share = scene.judgement.causes.find((c) => c.cause === 'heap');
  if (!share) return null;
  const exhausted = endOf(scene, 'heap-exhausted');
  const oom = endOf(scene, 'oom-kill');
  const heapMax = scene.series.heapMaxBytes;
  let end = '';
  if (oom && (!exhausted || oom.seconds < exhausted.seconds))
    end = ` and meets the container's limit in ${span(oom.low, oom.high)}: OOM kill`;
  else if (exhausted)
    end = ` and reaches -Xmx in ${span(exhausted.low, exhausted.high)}: OutOfMemoryError${scene.series.limitBytes === 'max' ? '' : ', before any OOM kill'}`;
  return {
    cause: 'heap',
    headline: `The Java heap's floor after GC rises ${rate(share.bytesPerHour)}${end}.${end === '' ? noLimitWords(scene) : ''}`,
    etas: [],
    finding: {
      rule: 'heap-floor',
      severity: soon(exhausted?.seconds ?? oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'What survives garbage collection grows: a Java heap leak',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        heapUsedBytes: now(scene, 'heap_used'),
        heapMaxBytes: heapMax,
        collections: scene.jvm?.gcCount ?? null,
        fullCollections: scene.jvm?.fullGcCount ?? null,
        collector: scene.jvm?.collector ?? null,
      },
      advice: `Find what holds it: take two class histograms some time apart (\`memhound explain --histogram --attach\`, or jcmd PID GC.class_histogram) and compare, or dump the heap before ${
        typeof heapMax === 'number' ? level(heapMax) : '-Xmx'
      } is reached. A larger -Xmx only moves the day.`,
    },
  };
}

/** Within a day a person should look now. */
export const soon = (seconds: number | null): boolean => seconds !== null && seconds < 86400;
