import { timeProblem } from '../../clock.ts';
import { SampleColumns } from './sample-columns.ts';

export interface Samples {
  /** Epoch seconds, strictly rising. */
  readonly t: Float64Array;
  readonly v: Float64Array;
}

/** The text of a range query's answer with empty lists of samples, and the samples of each list, in the order of the text. */
export interface CutAnswer {
  readonly json: string;
  readonly samples: readonly Samples[];
}

/** As the servers write it. No string of JSON contains this, since a quotation mark within one has a backslash before it. */
const BEGIN = '"values":[[';
const [QUOTE, COMMA, POINT, ZERO, NINE, OPEN, CLOSE] = [34, 44, 46, 48, 57, 91, 93] as const;
/** A whole number of so many digits is exact, and so is its quotient by a power of ten, correctly rounded. */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);

/**
 * Takes the samples out of the text `[[1700000000,"1"],...]`. JSON.parse makes an array and a string of each sample, and of a fleet's samples that is
 * half of all CPU. null: something is written in another way, or a time is not plausible; then the whole text is for JSON.parse.
 */
export function cutSamples(text: string): CutAnswer | null {
  const samples: Samples[] = [];
  let json = '';
  let from = 0;
  for (let at = text.indexOf(BEGIN); at >= 0; at = text.indexOf(BEGIN, from)) {
    const first = at + BEGIN.length - 1;
    const list = new SampleList(text, first);
    if (!list.read()) return null;
    json += text.slice(from, first);
    from = list.end;
    samples.push(list.samples());
  }
  return samples.length === 0 ? null : { json: json + text.slice(from), samples };
}

/** A list of samples within a text. Numbers are read digit by digit, since a part of the text for each would be garbage. */
class SampleList {
  readonly #text: string;
  #at: number;
  readonly #columns = new SampleColumns(512);

  /** `at`: index of the bracket of the first sample. */
  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** Index of the bracket that ends the list. */
  get end(): number {
    return this.#at;
  }

  samples(): Samples {
    return { t: this.#columns.t.slice(), v: this.#columns.v.slice() };
  }

  /** Whether all of it is written as expected. */
  read(): boolean {
    for (let last = Number.NEGATIVE_INFINITY; ; ) {
      if (!this.#skip(OPEN)) return false;
      const t = this.#number(COMMA);
      if (!(t > last) || !this.#skip(COMMA) || !this.#skip(QUOTE)) return false;
      const begin = this.#at;
      let v = this.#number(QUOTE);
      if (Number.isNaN(v)) {
        const end = this.#text.indexOf('"', begin);
        const word = this.#text.slice(begin, end);
        if (end < 0 || word.includes('\\')) return false;
        v = Number(word);
        this.#at = end;
      }
      if (!this.#skip(QUOTE) || !this.#skip(CLOSE)) return false;
      this.#columns.push(t, v);
      last = t;
      if (this.#text.charCodeAt(this.#at) === CLOSE) break;
      if (!this.#skip(COMMA)) return false;
    }
    // The times rise, so those between are plausible as well.
    const { t } = this.#columns;
    return timeProblem(t[0]) === null && timeProblem(t.at(-1)) === null;
  }

  #skip(code: number): boolean {
    return this.#text.charCodeAt(this.#at++) === code;
  }

  /** Digits, with a point or none, up to `end`; NaN: something else. */
  #number(end: number): number {
    let value = 0;
    let digits = 0;
    let decimals = -1;
    for (; ; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code >= ZERO && code <= NINE) {
        value = 10 * value + (code - ZERO);
        digits++;
        if (decimals >= 0) decimals++;
      } else if (code === POINT && decimals < 0 && digits > 0) decimals = 0;
      else {
        const isNumber = code === end && digits > 0 && digits <= EXACT_DIGITS && decimals !== 0;
        return isNumber ? value / POWERS[Math.max(0, decimals)]! : Number.NaN;
      }
    }
  }
}
