import type { Kernel } from './kernel.ts';

/** Where a plan lies in the kernel's memory: which columns are multiplied with which, and where the products go. */
export interface ProductPlan {
  readonly from: number;
  readonly to: number;
}

/**
 * The pairs of columns that the models need, each with its place in a table of products. A basis has dozens of columns, and most pairs of
 * them stand in no model.
 */
export class CrossProducts {
  readonly #places: Int16Array;
  readonly #maxColumns: number;
  readonly #keys: number[] = [];
  #planned = 0;
  #shared = 0;

  constructor(maxColumns: number) {
    this.#maxColumns = maxColumns;
    this.#places = new Int16Array(maxColumns * maxColumns).fill(-1);
  }

  get count(): number {
    return this.#keys.length;
  }

  /** Pairs that only the present series has. */
  get seriesCount(): number {
    return this.#keys.length - this.#shared;
  }

  /** The place of a pair; a new pair gets the next one. */
  placeOf(a: number, b: number): number {
    const key = a > b ? a * this.#maxColumns + b : b * this.#maxColumns + a;
    const known = this.#places[key]!;
    if (known >= 0) return known;
    this.#places[key] = this.#keys.length;
    return this.#keys.push(key) - 1;
  }

  /** A plan of the pairs that are in no plan yet, by their later column: its share of the work is done once. */
  plan(k: Kernel): ProductPlan {
    const byColumn = new Map<number, number[]>();
    for (let place = this.#planned; place < this.#keys.length; place++) {
      const [a, b] = [Math.floor(this.#keys[place]! / this.#maxColumns), this.#keys[place]! % this.#maxColumns];
      const others = byColumn.get(a);
      if (others === undefined) byColumn.set(a, [b, place]);
      else others.push(b, place);
    }
    this.#planned = this.#keys.length;
    const numbers = [...byColumn].flatMap(([a, others]) => [a, others.length / 2, ...others]);
    const from = k.copyInts(numbers);
    return { from, to: from + 4 * numbers.length };
  }

  /** The pairs until now belong to all series. */
  markShared(): void {
    this.#shared = this.#keys.length;
  }

  dropSeriesPairs(): void {
    for (const key of this.#keys.splice(this.#shared)) this.#places[key] = -1;
    this.#planned = this.#shared;
  }
}
