import { culpritText } from '../culprit/culprit-text.ts';
import type { CulpritCause, CulpritRun } from '../culprit/types.ts';
import type { Verdict } from './types.ts';

type Named = NonNullable<Verdict['findings'][number]['culprit']>;

/** What to do once the culprit is named. It takes the place of the advice that says how to find it. null: the rule's advice stays true. */
function nextStep(found: Named): string | null {
  if (found.state === 'recorded') return null;
  const { cause, retention, parent } = found;
  switch (cause) {
    case 'heap':
      return retention?.state === 'known' && retention.heldBy !== null
        ? 'Give what holds them a maximum size or an expiry, or remove entries when their work is done. A larger -Xmx only delays the end.'
        : 'A heap dump shows what holds them (`jcmd PID GC.heap_dump FILE`, as large as the live heap). A larger -Xmx only delays the end.';
    case 'threads':
      return 'Look at what starts them: an executor that is made for each request and never shut down, or a pool without a maximum. If all of them wait in one frame, what they wait for has no timeout.';
    case 'metaspace':
      return `Look at what creates a loader for each use${parent === null ? '' : ' below that parent'} (a script engine, a proxy, a redeployed application) and at what still refers to its classes: a static field, a ThreadLocal, a thread that still runs.`;
    case 'native':
    case 'descriptors': // no verdict has it as its cause
      return null;
  }
}

/** null: nothing was named. */
function namedBy({ culprit, until }: Extract<CulpritRun, { state: 'done' }>): Named | null {
  if (culprit.state === 'named' || (culprit.state === 'recorded' && culprit.culprit !== null)) return { ...culprit, at: until };
  return null;
}

/** The verdict, whose finding of the headline has what the JVM named for its cause: as `culprit`, and with advice for it. Pure. */
export function withCulprit(verdict: Verdict, run: CulpritRun): Verdict {
  if (run.state !== 'done' || run.cause !== verdict.cause) return verdict;
  const culprit = namedBy(run);
  if (culprit === null) return verdict;
  const sentence = culpritText(culprit)[0]!.slice(`${culprit.cause}: `.length);
  return {
    ...verdict,
    findings: verdict.findings.map((finding) =>
      finding.rule === verdict.headlineRule
        ? {
            ...finding,
            culprit,
            advice: `${culprit.state === 'named' ? 'The JVM was asked what grows' : 'The JVM was recorded'}: ${sentence}. ${nextStep(culprit) ?? finding.advice}`,
          }
        : finding,
    ),
  };
}

/** The cause that the JVM can be asked about once the alarm speaks; null: it speaks of none, or of another. */
export const causeToAsk = ({ leak, cause }: Verdict, askable: readonly CulpritCause[]): CulpritCause | null =>
  leak === true ? (askable.find((one) => one === cause) ?? null) : null;
