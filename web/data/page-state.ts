import type { Verdict } from '../../src/diagnosis/types.ts';
import type { Hello, LiveMessage, SamplesAnswer } from '../../src/outlets/status.ts';
import { SECOND_MS } from '../../src/units.ts';
import { forwardFill } from './forward-fill.ts';
import { breakLinesAtGaps } from './gaps.ts';
import { LatestValues } from './latest-values.ts';
import { appendRow, copyRows, type RowChange, type Rows } from './rows.ts';

/** Rows to ask for. Up to twice as many are kept while the live channel adds to them. */
export const POINTS = 600;

/** What the API answered to the question for a verdict. */
type Answer =
  | { readonly state: 'pending' }
  | { readonly state: 'given'; readonly verdict: Verdict }
  | { readonly state: 'refused' };

/**
 * What the page knows, and how answers and live messages change it. It draws nothing and asks nothing.
 *
 *     answer:      pending -> given <-> refused
 *     connection:  none -> open <-> lost
 */
export class PageState {
  #answer: Answer = { state: 'pending' };
  #connection: 'none' | 'open' | 'lost' = 'none';
  #requests = 0;
  readonly latest = new LatestValues();
  rows: Rows | null = null;
  limitBytes: number | null = null;
  everySeconds = 10;
  mayAttach = false;

  get verdict(): Verdict | null {
    return this.#answer.state === 'given' ? this.#answer.verdict : null;
  }

  /** The API gives no verdict, and its reason is shown instead. */
  get refused(): boolean {
    return this.#answer.state === 'refused';
  }

  takeVerdict(verdict: Verdict): void {
    this.#answer = { state: 'given', verdict };
  }

  takeRefusal(): void {
    this.#answer = { state: 'refused' };
  }

  /** The limit of the container on show. */
  takeLimit(limitBytes: number | 'max' | null): void {
    this.limitBytes = typeof limitBytes === 'number' ? limitBytes : null;
  }

  /** True after a break: then all must be loaded again, since messages were missed. The first time the page has asked for it already. */
  takeHello({ everySeconds, attach }: Pick<Hello, 'everySeconds' | 'attach'>): boolean {
    const missedSome = this.#connection === 'lost';
    this.#connection = 'open';
    this.everySeconds = everySeconds;
    this.mayAttach = attach;
    return missedSome;
  }

  loseConnection(): void {
    this.#connection = 'lost';
  }

  /** Numbers a request for rows, so that a late answer does not undo a newer one. */
  requestRows(): number {
    return ++this.#requests;
  }

  /** False: a newer request is under way, and this answer is not used. */
  takeRows(request: number, answer: SamplesAnswer, zoomed: boolean): boolean {
    if (request !== this.#requests) return false;
    this.rows = copyRows(breakLinesAtGaps(forwardFill(answer)));
    if (!zoomed) this.latest.setFromRow(this.rows);
    return true;
  }

  /** The change to the rows; null: they stay, since a past time is on show or the tick is not newer. */
  takeTick(
    { at, values, limitBytes }: Pick<Extract<LiveMessage, { type: 'sample' }>, 'at' | 'values' | 'limitBytes'>,
    time: { readonly zoomed: boolean; readonly oldest: (newestS: number) => number },
  ): RowChange | null {
    this.latest.setFromTick(Date.parse(at), values);
    this.takeLimit(limitBytes);
    if (time.zoomed || this.rows === null) return null;
    const t = this.latest.atMs / SECOND_MS;
    const limits = { oldest: time.oldest(t), most: POINTS * 2, step: this.everySeconds };
    return appendRow(this.rows, { t, ids: this.latest.ids(), value: this.latest.value }, limits);
  }

  /** Another container is on show: values of the former one must not be taken for its own. */
  changeTarget(): void {
    this.latest.clear();
  }
}
