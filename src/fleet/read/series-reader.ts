import type { LabelledSeries } from '../../inputs/prometheus/labelled-series.ts';
import type { TimeRange } from '../http/prometheus-api.ts';
import type { Matcher } from './matchers.ts';

/** A way to read samples of a server. */
export interface SeriesReader {
  readonly way: 'remote-read' | 'export' | 'query-range';
  /** Samples that one read should not exceed, so that neither side needs much memory for it. */
  readonly mostSamples: number;
  /** All series that match, with their samples in the range; about `expected` series. @throws HttpError, InputError */
  read(matchers: readonly Matcher[], range: TimeRange, expected: number): Promise<LabelledSeries[]>;
}
