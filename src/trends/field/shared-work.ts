import type { Arithmetic } from '../model/arithmetic.ts';
import { Averagers, sameValues } from '../model/averagers.ts';
import { type DailyCycle, dailyCycle } from '../model/daily-cycle.ts';
import type { ModelAverage } from '../model/model-average.ts';

/** Blocks of time in a window: what of them depends on the times of samples alone. */
export interface Blocks {
  /** Index of their first sample. */
  readonly first: number;
  /** Index of the first sample of each block, counted from `first`, and of the end. */
  readonly edges: readonly number[];
  /** Mean time of each block's samples, in seconds after the window's start. */
  readonly timesS: Float64Array;
}

/**
 * Work that the fields of one evaluation share, because most of them have values at the same times. Each evaluation creates its own. Only the
 * latest window is kept: this saves most of the work, and more windows would need more memory. A caller that has it gives `averagers` for more.
 */
export class SharedWork {
  readonly arithmetic: Arithmetic;
  #blocks: {
    readonly t: Float64Array;
    readonly from: number;
    readonly to: number;
    readonly known: { readonly stepS: number; readonly skipped: number; readonly blocks: Blocks }[];
  } | null = null;
  #daily: { readonly x: Float64Array; readonly cycle: DailyCycle } | null = null;
  readonly #averagers: Averagers;

  constructor(arithmetic: Arithmetic, averagers = new Averagers(1, () => arithmetic)) {
    this.arithmetic = arithmetic;
    this.#averagers = averagers;
  }

  /** As `modelAverage`. */
  modelAverage(t: Float64Array, y: Float64Array, windowS: number, isFloor = false): ModelAverage {
    return this.#averagers.of(t, windowS).average(y, isFloor);
  }

  /** As in `Arithmetic`, with a point each `stepS`. */
  removeDailyCycle(x: Float64Array, y: Float64Array, stepS: number, windowS: number): void {
    if (this.#daily === null || this.#daily.cycle.stepS !== stepS || !sameValues(this.#daily.x, x))
      this.#daily = { x, cycle: dailyCycle(x, stepS) };
    this.arithmetic.removeDailyCycle(x, y, this.#daily.cycle, windowS);
  }

  /** Blocks of `stepS` seconds in a window, without the first `skipped`. `find` computes them once. */
  blocks(
    t: Float64Array,
    {
      from,
      to,
      stepS,
      skipped,
    }: { readonly from: number; readonly to: number; readonly stepS: number; readonly skipped: number },
    find: () => Blocks,
  ): Blocks {
    if (this.#blocks?.t !== t || this.#blocks.from !== from || this.#blocks.to !== to) this.#blocks = { t, from, to, known: [] };
    const { known } = this.#blocks;
    const same = known.find((one) => one.stepS === stepS && one.skipped === skipped);
    if (same !== undefined) return same.blocks;
    const blocks = find();
    known.push({ stepS, skipped, blocks });
    return blocks;
  }
}
