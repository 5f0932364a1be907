import { culpritText } from '../culprit/culprit-text.ts';
import type { CulpritCause, CulpritRun } from '../culprit/types.ts';
import type { Verdict } from './types.ts';

/** The verdict, whose finding of the headline has what the JVM named for its cause, as `culprit` and before its advice. Pure. */
export function withCulprit(verdict: Verdict, run: CulpritRun): Verdict {
  if (run.state !== 'done' || run.culprit.state !== 'named' || run.cause !== verdict.cause) return verdict;
  const { culprit, until } = run;
  const sentence = culpritText(culprit)[0]!.slice(`${culprit.cause}: `.length);
  return {
    ...verdict,
    findings: verdict.findings.map((finding) =>
      finding.rule === verdict.headlineRule
        ? {
            ...finding,
            culprit: { ...culprit, at: until },
            advice: `The JVM was asked what grows: ${sentence}. ${finding.advice}`,
          }
        : finding,
    ),
  };
}

/** The cause that the JVM can be asked about once the alarm speaks; null: it speaks of none, or of another. */
export const causeToAsk = ({ leak, cause }: Verdict, askable: readonly CulpritCause[]): CulpritCause | null =>
  leak === true ? (askable.find((one) => one === cause) ?? null) : null;
