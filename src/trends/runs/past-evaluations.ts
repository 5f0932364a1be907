import type { FieldName } from '../../fields.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import type { Window } from '../field/window.ts';

const MAX_EVALUATIONS = 128;

/** Evaluations of completed runs. They do not change, and `watch` needs them every minute. */
export class PastEvaluations {
  readonly #known = new Map<string, FieldEvaluation>();

  /** The evaluation of a field in the window of a completed run. `evaluate` computes it once. */
  evaluation(
    id: FieldName,
    values: Float64Array,
    { t, from, to, limit, shared }: Window,
    evaluate: () => FieldEvaluation,
  ): FieldEvaluation {
    // One field name has several columns (anon, and anon outside the heap), and coarser tiers change values: a checksum tells them apart.
    const sum = shared.arithmetic.checksum(values.subarray(from, to));
    const key = [id, t[from], t[to - 1], to - from, limit, sum].join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const evaluation = evaluate();
    if (this.#known.size >= MAX_EVALUATIONS) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, evaluation);
    return evaluation;
  }
}
