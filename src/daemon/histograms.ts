import { setTimeout as delay } from 'node:timers/promises';
import { grownClasses } from '../culprit/grown-groups.ts';
import { bytesText, safeName } from '../format.ts';
import type { HistogramTake } from '../outlets/status.ts';
import type { ClassCount } from '../sources/jvm/class-histogram.ts';
import { queryHistogram } from '../sources/jvm/jcmd-report.ts';
import type { ProcessRef, Reading, Roots } from '../sources/types.ts';

/** Time between two histograms. Every histogram costs a full collection. */
const BETWEEN_TAKES_MS = 10_000;
const TEN = 10;

/** Class histograms of one JVM's heap, each compared with the one before. A request while one is taken gets that one. */
export class HeapHistograms {
  readonly #jvm: { readonly roots: Roots; readonly process: ProcessRef };
  #last: { readonly classes: readonly ClassCount[]; readonly atMs: number } | null = null;
  #pending: Promise<Reading<HistogramTake>> | null = null;

  constructor(roots: Roots, process: ProcessRef) {
    this.#jvm = { roots, process };
  }

  take(): Promise<Reading<HistogramTake>> {
    this.#pending ??= this.#take().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #take(): Promise<Reading<HistogramTake>> {
    const began = performance.now();
    const reading = await queryHistogram(this.#jvm);
    if (reading.state !== 'read') return reading;
    const before = this.#last;
    this.#last = { classes: reading.value, atMs: reading.atMs };
    const value = {
      at: iso(reading.atMs),
      since: before === null ? null : iso(before.atMs),
      largest: reading.value.slice(0, TEN),
      grown: before === null ? [] : grownClasses(before.classes, reading.value),
      durationMs: Math.round(performance.now() - began),
    };
    return { state: 'read', value, atMs: reading.atMs };
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** What `explain --histogram` adds to its answer. */
export type HistogramResult =
  | ({ readonly state: 'taken' } & HistogramTake)
  | { readonly state: 'failed'; readonly error: string };

export async function takeTwoHistograms(histograms: HeapHistograms | null): Promise<HistogramResult> {
  if (histograms === null) return { state: 'failed', error: 'there is no JVM in this container that could be asked' };
  const first = await histograms.take();
  if (first.state === 'read') await delay(BETWEEN_TAKES_MS);
  const second = first.state === 'read' ? await histograms.take() : first;
  if (second.state === 'read') return { state: 'taken', ...second.value };
  return { state: 'failed', error: second.state === 'absent' ? second.reason : second.error };
}

export function histogramText(taken: HistogramResult): string[] {
  if (taken.state === 'failed') return [`Heap by class: ${taken.error}`];
  const row = (name: string, bytes: number, text: string) =>
    `  ${safeName(name, 58).padEnd(58)} ${bytesText(bytes).padStart(9)}  ${text}`;
  return [
    `Classes of the heap that grew most since ${taken.since}`,
    ...(taken.grown.length === 0 ? ['  none grew'] : []),
    ...taken.grown.map((c) => row(c.name, c.bytesGrown, `${c.instancesGrown} more instances, ${bytesText(c.bytes)} in all`)),
  ];
}
