/** Seeded random numbers (sfc32 by Chris Doty-Humphrey), so that every table can be reproduced exactly. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;
  constructor(seed: number) {
    this.#a = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
    this.#b = Math.imul(seed ^ 0x243f6a88, 0xc2b2ae35) | 0;
    this.#c = Math.imul(seed ^ 0xb7e15162, 0x27d4eb2f) | 0;
    for (let i = 0; i < 16; i++) this.next();
  }
  /** Uniform in [0, 1). */
  next(): number {
    const out = (this.#a + this.#b + this.#count++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + out;
    return (out >>> 0) / 4_294_967_296;
  }
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }
  /** Uniform in the logarithm. */
  scale(low: number, high: number): number {
    return Math.exp(this.between(Math.log(low), Math.log(high)));
  }
  chance(share: number): boolean {
    return this.next() < share;
  }
  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!;
  }
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
  /** Exponential with mean 1. */
  wait(): number {
    return -Math.log(1 - this.next());
  }
}
