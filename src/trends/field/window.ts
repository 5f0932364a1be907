import type { Limit } from '../../sources/types.ts';
import type { SharedWork } from './shared-work.ts';

/** The samples of a series that are evaluated: indexes `from` (inclusive) to `to` (exclusive). */
export interface Window {
  readonly t: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly intervalS: number;
  readonly limit: Limit;
  readonly shared: SharedWork;
}
