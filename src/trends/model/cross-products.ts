import type { Kernel } from './kernel/kernel.ts';

/** Where a plan of the kernel's is: which columns are to be multiplied with which, and where to. */
export interface Plan {
  readonly from: number;
  readonly to: number;
}

/** The pairs of columns that some shapes are made of, and their places in a row: of a basis of dozens no other products are worked out. */
export class Pairs {
  readonly #places: Int16Array;
  readonly #most: number;
  readonly #keys: number[] = [];
  #planned = 0;
  #shared = 0;

  constructor(most: number) {
    this.#most = most;
    this.#places = new Int16Array(most * most).fill(-1);
  }

  get count(): number {
    return this.#keys.length;
  }

  get ownCount(): number {
    return this.#keys.length - this.#shared;
  }

  placeOf(a: number, b: number): number {
    const key = a > b ? a * this.#most + b : b * this.#most + a;
    const known = this.#places[key]!;
    if (known >= 0) return known;
    this.#places[key] = this.#keys.length;
    return this.#keys.push(key) - 1;
  }

  /** Those that were not in a plan yet, by their later column, whose share of the work is done once. */
  plan(k: Kernel): Plan {
    const byColumn = new Map<number, number[]>();
    for (let place = this.#planned; place < this.#keys.length; place++) {
      const [a, b] = [Math.floor(this.#keys[place]! / this.#most), this.#keys[place]! % this.#most];
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
  share(): void {
    this.#shared = this.#keys.length;
  }

  forgetOwn(): void {
    for (const key of this.#keys.splice(this.#shared)) this.#places[key] = -1;
    this.#planned = this.#shared;
  }
}
