import assert from 'node:assert/strict';

/** Relative; for probabilities, which are differences of numbers of about 1, absolute. */
const WITHIN = 1e-9;
/** Some models explain a series so well that rounding moves their likelihood by this much. */
const PROBABILITIES_WITHIN = 1e-6;

/** Every number of `a` is that of `b`; everything else is the same. */
export function sameNumbers(a: unknown, b: unknown, path: string, within = WITHIN): void {
  if (typeof a === 'number' && typeof b === 'number') {
    const size = Math.max(Math.abs(a), Math.abs(b), 1);
    assert.ok(Object.is(a, b) || Math.abs(a - b) <= within * size, `${path} is ${a} and ${b}`);
  } else if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    assert.deepEqual(Object.keys(a), Object.keys(b), path);
    for (const [key, value] of Object.entries(a))
      sameNumbers(
        value,
        (b as Record<string, unknown>)[key],
        `${path}.${key}`,
        key === 'modelProbabilities' ? PROBABILITIES_WITHIN : within,
      );
  } else if (typeof a !== 'function') assert.equal(a, b, path);
}
