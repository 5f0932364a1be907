/**
 * Which of many verdicts to act on, so that few are wrong: the largest set whose mean of (1 - confidence) is at most `rate`. A confidence is
 * the posterior probability that the verdict is right, so the mean is the expected share of false ones (the Bayesian false discovery rate; Newton
 * et al. 2004, "Detecting differential gene expression with a semiparametric hierarchical mixture method"). Benjamini-Hochberg is no
 * alternative: it wants p-values of a test, and `p` of a verdict is one minus a posterior.
 */
export function alarmSet<Row extends { readonly leak: boolean | null; readonly confidence: number }>(
  rows: readonly Row[],
  rate: number,
): { readonly rows: ReadonlySet<Row>; readonly expectedFalse: number } {
  const leaks = rows.filter(({ leak }) => leak === true).sort((a, b) => b.confidence - a.confidence);
  let sum = 0;
  let size = 0;
  let expected = 0;
  leaks.forEach(({ confidence }, i) => {
    sum += 1 - confidence;
    if (sum / (i + 1) > rate) return;
    size = i + 1;
    expected = sum;
  });
  return { rows: new Set(leaks.slice(0, size)), expectedFalse: expected };
}
