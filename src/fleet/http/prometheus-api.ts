import type { LabelledSeries, Labels } from '../../inputs/prometheus/labelled-series.ts';
import { cutSamples } from '../../inputs/prometheus/matrix-text.ts';
import { labelsOf, openAnswer, parseMatrix } from '../../inputs/prometheus-json.ts';
import { InputError } from '../../inputs/series-file.ts';
import type { Answer, HttpClient } from './http-client.ts';
import { HttpError } from './http-error.ts';

/** A range of time, epoch seconds, both ends included. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

type Parameters = readonly (readonly [string, string | number])[];

/** A larger answer would not be an answer to one of memhound's requests. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

/** The HTTP API of Prometheus, which Thanos, Mimir, VictoriaMetrics and the managed services have too. */
export class PrometheusApi {
  readonly client: HttpClient;
  /** What servers said beside their data, each once: usually that a part is missing. */
  readonly warnings = new Set<string>();
  #method: 'GET' | 'POST' = 'POST';

  /** `clusterLabel`: by which clusters are told apart; all that is read has it as `cluster`. */
  constructor(
    client: HttpClient,
    readonly clusterLabel = 'cluster',
  ) {
    this.client = client;
  }

  /** Series as they are known here. */
  named<T extends { readonly labels: Labels }>(rows: readonly T[]): T[] {
    return rows.map((row) => ({ ...row, labels: this.#named(row.labels) }));
  }

  #named(labels: Labels): Labels {
    const { clusterLabel } = this;
    return clusterLabel === 'cluster' ? labels : { ...labels, cluster: labels[clusterLabel] ?? '' };
  }

  /** The labels of all series that match and have samples in the range. Servers answer from their index, without reading samples. */
  async series(match: readonly string[], { from, to }: TimeRange): Promise<Labels[]> {
    const data = await this.#ask('api/v1/series', [...match.map((m) => ['match[]', m] as const), ['start', from], ['end', to]]);
    if (!Array.isArray(data)) throw new InputError(`/api/v1/series answers ${typeof data}, expected an array`);
    return data.map((labels) => this.#named(labelsOf(labels)));
  }

  async labelValues(name: string, match: readonly string[], { from, to }: TimeRange): Promise<string[]> {
    const parameters: Parameters = [...match.map((m) => ['match[]', m] as const), ['start', from], ['end', to]];
    const data = await this.#ask(`api/v1/label/${name}/values`, parameters, 'GET');
    if (!Array.isArray(data)) throw new InputError(`/api/v1/label/${name}/values answers ${typeof data}, expected an array`);
    return data.filter((value): value is string => typeof value === 'string');
  }

  /** The newest sample of each series at a time. */
  async instant(expression: string, at: number): Promise<LabelledSeries[]> {
    const data = (await this.#ask('api/v1/query', [
      ['query', expression],
      ['time', at],
    ])) as { readonly resultType?: unknown; readonly result?: unknown } | undefined;
    if (data?.resultType === 'matrix') return this.named(parseMatrix(data));
    if (data?.resultType !== 'vector' || !Array.isArray(data.result))
      throw new InputError(`/api/v1/query answers ${JSON.stringify(data?.resultType)}, expected a vector`);
    const rows = data.result as { readonly metric?: unknown; readonly value?: unknown }[];
    return this.named(
      parseMatrix({
        resultType: 'matrix',
        result: rows.map(({ metric, value }) => ({ metric, values: value === undefined ? [] : [value] })),
      }),
    );
  }

  async range(expression: string, { from, to }: TimeRange, step: number): Promise<LabelledSeries[]> {
    const parameters: Parameters = [
      ['query', expression],
      ['start', from],
      ['end', to],
      ['step', step],
    ];
    return await this.#ask('api/v1/query_range', parameters, this.#method, (text, open) => {
      const cut = cutSamples(text);
      const rows = cut === null ? [] : parseMatrix(open(cut.json));
      // Samples that are not those of a row are a list of another name: then all is for JSON.parse.
      return cut !== null && rows.length === cut.samples.length
        ? rows.map(({ labels }, i) => ({ labels, ...cut.samples[i]! }))
        : parseMatrix(open(text));
    });
  }

  /** A long selector does not fit into a URL, so parameters are posted; a proxy that allows only GET gets them in the URL. */
  async #ask<T = unknown>(
    path: string,
    parameters: Parameters,
    method = this.#method,
    read: (text: string, open: (json: string) => unknown) => T = (text, open) => open(text) as T,
  ): Promise<T> {
    const query = parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join('&');
    try {
      const text = await this.client.exchange(
        method === 'GET'
          ? { method, path: `${path}?${query}` }
          : { method, path, body: query, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
        readText,
      );
      const url = `${this.client.origin}/${path}`;
      return read(text, (json) => {
        const { data, warnings } = openAnswer(parse(json, url), url);
        for (const warning of warnings) this.warnings.add(warning);
        return data;
      });
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 405 || method === 'GET') throw error;
      this.#method = 'GET';
      return await this.#ask(path, parameters, 'GET', read);
    }
  }
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const found = text.trimStart().startsWith('<') ? 'a web page, perhaps of a login' : 'something else';
    throw new InputError(`${url} must answer with JSON, found ${found}: check the URL and the credentials`);
  }
}

async function readText({ body }: Answer): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > MAX_ANSWER_BYTES) throw new InputError(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
