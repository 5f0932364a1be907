/** What generalised least squares needs of a series and the k columns X of a mean model: whitened products. */
export interface NormalEquations {
  /** X' V^-1 X, of which the lower triangle is read. */
  readonly gram: readonly (readonly number[])[];
  /** X' V^-1 y. */
  readonly products: readonly number[];
  /** y' V^-1 y. */
  readonly total: number;
}

export interface LeastSquaresFit {
  readonly coefficients: Float64Array;
  /** Whitened residual sum of squares. */
  readonly rss: number;
  /** ln |X' V^-1 X|. */
  readonly logDeterminant: number;
  /** Variance of d' coefficients for noise of variance one, d' (X' V^-1 X)^-1 d. */
  readonly varianceOf: (d: readonly number[]) => number;
}

/** Columns whose pivot is less than this share of their length are linear combinations of the columns before them. */
const MIN_PIVOT = 1e-7;
/** A perfect fit must not have infinite likelihood: pages and clocks are exact to a few parts in ten thousand. */
const MIN_RSS_SHARE = 1e-8;
const MIN_RSS = 1e-12;

/**
 * Generalised least squares by the Cholesky factor L of the normal equations; null where the points cannot tell the columns apart.
 *
 *     L L' = X' V^-1 X,   L s = X' V^-1 y,   L' coefficients = s,   rss = y' V^-1 y - s' s
 *
 * Aitken 1935, "On Least Squares and Linear Combination of Observations"; Golub & Van Loan, "Matrix Computations", section 4.2 (Cholesky).
 */
export function generalisedLeastSquares({ gram, products, total }: NormalEquations): LeastSquaresFit | null {
  const k = products.length;
  const lower: number[][] = [];
  for (let j = 0; j < k; j++) {
    const row: number[] = [];
    for (let i = 0; i < j; i++) row.push((gram[j]![i]! - dot(row, lower[i]!, i)) / lower[i]![i]!);
    const pivot = gram[j]![j]! - dot(row, row, j);
    if (!(pivot > MIN_PIVOT * gram[j]![j]!)) return null;
    row.push(Math.sqrt(pivot));
    lower.push(row);
  }
  const s = solveLower(lower, products);
  const coefficients = new Float64Array(k);
  for (let j = k - 1; j >= 0; j--) {
    let rest = s[j]!;
    for (let i = j + 1; i < k; i++) rest -= lower[i]![j]! * coefficients[i]!;
    coefficients[j] = rest / lower[j]![j]!;
  }
  return {
    coefficients,
    rss: Math.max(total - dot(s, s, k), MIN_RSS_SHARE * total, MIN_RSS),
    logDeterminant: lower.reduce((sum, row, j) => sum + 2 * Math.log(row[j]!), 0),
    varianceOf: (d) => {
      const part = solveLower(lower, d);
      return dot(part, part, k);
    },
  };
}

/** x of L x = b. */
function solveLower(lower: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x: number[] = [];
  for (let j = 0; j < b.length; j++) x.push((b[j]! - dot(lower[j]!, x, j)) / lower[j]![j]!);
  return x;
}

/** Product of the first `n` values of each. */
function dot(a: readonly number[], b: readonly number[], n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i]! * b[i]!;
  return sum;
}
