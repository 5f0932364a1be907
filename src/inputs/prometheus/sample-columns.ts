/** Times and values of samples, of which nobody knows how many will come. */
export class SampleColumns {
  #t: Float64Array<ArrayBuffer>;
  #v: Float64Array<ArrayBuffer>;
  #length = 0;

  /** `room`: for so many samples at first. */
  constructor(room: number) {
    this.#t = new Float64Array(room);
    this.#v = new Float64Array(room);
  }

  get length(): number {
    return this.#length;
  }

  /** A view, valid until the next sample. */
  get t(): Float64Array<ArrayBuffer> {
    return this.#t.subarray(0, this.#length);
  }

  /** A view, valid until the next sample. */
  get v(): Float64Array<ArrayBuffer> {
    return this.#v.subarray(0, this.#length);
  }

  push(t: number, v: number): void {
    if (this.#length === this.#t.length) {
      this.#t = doubled(this.#t);
      this.#v = doubled(this.#v);
    }
    this.#t[this.#length] = t;
    this.#v[this.#length] = v;
    this.#length++;
  }

  clear(): void {
    this.#length = 0;
  }
}

function doubled(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const out = new Float64Array(2 * column.length);
  out.set(column);
  return out;
}
