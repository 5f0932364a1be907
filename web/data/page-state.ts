import type { Verdict } from '../../src/diagnosis/types.ts';
import type { Hello, LiveMessage, SamplesAnswer } from '../../src/outlets/status.ts';
import { SECOND_MS } from '../../src/units.ts';
import { forwardFill } from './forward-fill.ts';
import { breakLinesAtGaps } from './gaps.ts';
import { LatestValues } from './latest-values.ts';
import { appendRow, copyRows, type RowChange, type Rows } from './rows.ts';

/** Number of rows to request. Up to twice as many are kept while the live channel adds rows. */
export const POINTS = 600;

/** The API's answer to the request for a verdict. */
type Answer =
  | { readonly state: 'pending' }
  | { readonly state: 'given'; readonly verdict: Verdict }
  | { readonly state: 'refused' };

/**
 * The state of the page, and its changes by answers and live messages. It draws nothing and sends no requests.
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

  /** The limit of the container that is shown. */
  takeLimit(limitBytes: number | 'max' | null): void {
    this.limitBytes = typeof limitBytes === 'number' ? limitBytes : null;
  }

  /** Returns true after a break: all data must be loaded again, because messages were missed. The first load has been requested already. */
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

  /** False: there is a newer request, and this answer is not used. */
  takeRows(request: number, answer: SamplesAnswer, zoomed: boolean): boolean {
    if (request !== this.#requests) return false;
    this.rows = copyRows(breakLinesAtGaps(forwardFill(answer)));
    if (!zoomed) this.latest.setFromRow(this.rows);
    return true;
  }

  /** The change of the rows; null: no change, because a past time is shown or the tick is not newer. */
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

  /** Another container is shown. Discards the values of the former one. */
  changeTarget(): void {
    this.latest.clear();
  }
}
