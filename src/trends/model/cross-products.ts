import type { WasmKernel } from './kernel/kernel.ts';

/** Where a plan of the kernel's is: which columns are to be multiplied with which, and where to. */
export interface ProductPlan {
  readonly from: number;
  readonly to: number;
}

/** The pairs of columns that some shapes are made of, and their places in a row: of a basis of dozens no other products are worked out. */
export class CrossProducts {
  readonly #indexes: Int16Array;
  readonly #maxColumns: number;
  readonly #keys: number[] = [];
  #planned = 0;
  #shared = 0;

  constructor(most: number) {
    this.#maxColumns = most;
    this.#indexes = new Int16Array(most * most).fill(-1);
  }

  get count(): number {
    return this.#keys.length;
  }

  get seriesCount(): number {
    return this.#keys.length - this.#shared;
  }

  indexOf(a: number, b: number): number {
    const key = a > b ? a * this.#maxColumns + b : b * this.#maxColumns + a;
    const known = this.#indexes[key]!;
    if (known >= 0) return known;
    this.#indexes[key] = this.#keys.length;
    return this.#keys.push(key) - 1;
  }

  /** Those that were not in a plan yet, by their later column, whose share of the work is done once. */
  plan(k: WasmKernel): ProductPlan {
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

  /** Those there are now belong to all series. */
  markShared(): void {
    this.#shared = this.#keys.length;
  }

  dropSeriesPairs(): void {
    for (const key of this.#keys.splice(this.#shared)) this.#indexes[key] = -1;
    this.#planned = this.#shared;
  }
}
