import type { LabelledSeries } from '../../inputs/prometheus/labelled-series.ts';
import { inOrder, labelsOf } from '../../inputs/prometheus-json.ts';
import { isObject } from '../../inputs/series-file.ts';
import { MIB, SECOND_MS } from '../../units.ts';
import type { HttpClient } from '../http/http-client.ts';
import { HttpError } from '../http/http-error.ts';
import type { TimeRange } from '../http/prometheus-api.ts';
import { type Matcher, selectorText } from './matchers.ts';
import type { SeriesReader } from './series-reader.ts';

const MAX_LINE = 256 * MIB;

/** VictoriaMetrics' own way: raw samples as JSON lines `{"metric":{…},"values":[…],"timestamps":[ms…]}`. */
export class ExportReader implements SeriesReader {
  readonly way = 'export';
  readonly mostSamples = 150_000;
  readonly #client: HttpClient;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  async isSupported(matchers: readonly Matcher[], range: TimeRange): Promise<boolean> {
    try {
      await this.#lines(matchers, range, () => {});
      return true;
    } catch (error) {
      if (error instanceof HttpError && (error.isNotOffered || error.kind === 'broken')) return false;
      throw error;
    }
  }

  async read(matchers: readonly Matcher[], range: TimeRange): Promise<LabelledSeries[]> {
    let pieces = new Map<string, LabelledSeries[]>();
    await this.#lines(
      matchers,
      range,
      (text) => {
        const series = parseExportLine(text, range);
        const key = JSON.stringify(series.labels);
        const known = pieces.get(key);
        if (known === undefined) pieces.set(key, [series]);
        else known.push(series);
      },
      () => {
        pieces = new Map();
      },
    );
    return [...pieces.values()].map(joinPieces);
  }

  async #lines(
    matchers: readonly Matcher[],
    { from, to }: TimeRange,
    onLine: (text: string) => void,
    onStart: () => void = () => {},
  ): Promise<void> {
    const parameters = new URLSearchParams({ 'match[]': selectorText(matchers), start: String(from), end: String(to) });
    await this.#client.exchange(
      {
        method: 'POST',
        path: 'api/v1/export',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: parameters.toString(),
      },
      async ({ body }) => {
        onStart();
        for await (const line of linesOf(body)) onLine(line);
      },
    );
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncIterable<string> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    let from = 0;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
      const line = Buffer.concat([...pieces, piece.subarray(from, at)]).toString();
      pieces = [];
      length = 0;
      from = at + 1;
      if (line.trim() !== '') yield line;
    }
    if (from === piece.length) continue;
    pieces.push(piece.subarray(from));
    length += piece.length - from;
    if (length > MAX_LINE) throw new HttpError('broken', `a line of /api/v1/export is longer than ${MAX_LINE} bytes`);
  }
  const last = Buffer.concat(pieces).toString();
  if (last.trim() !== '') yield last;
}

/** Samples without a number, or outside of the range, are left out: a wild time would make a history of it. @throws HttpError */
export function parseExportLine(text: string, { from, to }: TimeRange): LabelledSeries {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (error) {
    throw new HttpError('broken', `a line of /api/v1/export is not JSON: ${(error as Error).message.slice(0, 100)}`);
  }
  const { metric, values, timestamps } = isObject(line) ? line : {};
  if (!Array.isArray(values) || !Array.isArray(timestamps) || values.length !== timestamps.length)
    throw new HttpError('broken', 'a line of /api/v1/export must have values and timestamps of one length');
  const isKnown = (i: number): boolean => {
    const t = timestamps[i];
    return typeof values[i] === 'number' && typeof t === 'number' && t >= from * SECOND_MS && t <= to * SECOND_MS;
  };
  const known = values.every((_, i) => isKnown(i)) ? null : values.flatMap((_, i) => (isKnown(i) ? [i] : []));
  return {
    labels: labelsOf(metric),
    t: Float64Array.from(known ?? values, (_, i) => (timestamps[known?.[i] ?? i] as number) / SECOND_MS),
    v: Float64Array.from(known ?? values, (_, i) => values[known?.[i] ?? i] as number),
  };
}

/** One series from its pieces, which arrive in any order. */
export function joinPieces(pieces: readonly LabelledSeries[]): LabelledSeries {
  const [first, ...rest] = pieces;
  const isSorted = (t: Float64Array): boolean => t.every((at, i) => i === 0 || at > t[i - 1]!);
  if (rest.length === 0 && isSorted(first!.t)) return first!;
  const column = (of: (piece: LabelledSeries) => Float64Array) => Float64Array.from(pieces.flatMap((piece) => [...of(piece)]));
  return {
    labels: first!.labels,
    ...inOrder(
      column(({ t }) => t),
      column(({ v }) => v),
    ),
  };
}
