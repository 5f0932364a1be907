import { setImmediate } from 'node:timers/promises';
import { recordedVerdict } from '../diagnosis/recorded-verdict.ts';
import { fieldName } from '../fields.ts';
import { type ContainerKey, keyOf, keyText } from '../inputs/prometheus/container-key.ts';
import { containerSeries } from '../inputs/prometheus/container-series.ts';
import type { LabelledSeries } from '../inputs/prometheus/labelled-series.ts';
import { InputError } from '../inputs/series-file.ts';
import { versionOf } from '../memory-facts.ts';
import type { EvaluationCache } from '../trends/evaluation-cache.ts';
import { chartOf } from './chart.ts';
import { HttpError } from './http/http-error.ts';
import type { SeriesReader } from './read/series-reader.ts';
import type { Shard } from './shards.ts';
import { summaryOf } from './summary.ts';
import type { FleetRow, Missing, RowSummary } from './types.ts';

/** A row as the text that is printed and kept on disk, and what is kept in memory. */
export interface EvaluatedRow {
  readonly row: string;
  /** JSON of a chart; `null` if nothing grows that could hurt. */
  readonly chart: string;
  readonly summary: RowSummary;
}

export interface ShardResult {
  readonly rows: readonly EvaluatedRow[];
  readonly missing: readonly Missing[];
  /** Containers with fewer than two samples. */
  readonly tooYoung: number;
  readonly samples: number;
}

export interface HowToEvaluate {
  readonly minHistorySeconds: number;
  readonly cache: EvaluationCache;
}

/** Reads the samples of some containers and evaluates each, as `analyze` does. A read that fails costs its own containers only. */
export async function evaluateShard(shard: Shard, reader: SeriesReader, how: HowToEvaluate): Promise<ShardResult> {
  const rows: LabelledSeries[] = [];
  try {
    for (const matchers of shard.reads) rows.push(...(await reader.read(matchers, shard.range, shard.series)));
  } catch (error) {
    if (!isOfServer(error)) throw error;
    return missingShard(shard, error.message);
  }
  const samples = rows.reduce((sum, { t }) => sum + t.length, 0);
  const known = new Map(shard.candidates.map((candidate) => [keyText(candidate.key), candidate]));
  const lifeIn = lifeOf(shard);
  const sampled = new Set(rows.flatMap(({ labels, t }) => (t.length > 0 ? [keyText(lifeIn(keyOf(labels)))] : [])));
  for (const { limits } of shard.candidates) rows.push(...limits);
  const evaluated: EvaluatedRow[] = [];
  for (const { key, series } of containerSeries(rows, lifeIn)) {
    const candidate = known.get(keyText(key));
    if (candidate === undefined) continue;
    known.delete(keyText(key));
    const verdict = recordedVerdict(series, { jvm: null, version: versionOf(series.fields), ...how });
    const { owner, former, sidecar } = candidate;
    const row: FleetRow = { ...key, owner, formerPods: former.map(({ pod }) => pod), sidecar, verdict };
    const summary = summaryOf(row);
    const isCharted = summary.growth !== null && verdict.leak !== false;
    const chart = isCharted ? chartOf(series, fieldName(summary.growth!.field)) : null;
    evaluated.push({ row: JSON.stringify(row), chart: JSON.stringify(chart), summary });
    // The next samples arrive meanwhile.
    await setImmediate();
  }
  const unanswered = [...known].flatMap(([key, candidate]) => (sampled.has(key) ? [] : [candidate]));
  const missing =
    unanswered.length === 0 ? [] : [{ what: nameOf({ candidates: unanswered }), why: NO_SAMPLES, containers: unanswered.length }];
  return { rows: evaluated, missing, tooYoung: known.size - unanswered.length, samples };
}

/** The result of a shard that could not be read. */
export const missingShard = (shard: Shard, why: string): ShardResult => ({
  rows: [],
  missing: [{ what: nameOf(shard), why, containers: shard.candidates.length }],
  tooYoung: 0,
  samples: 0,
});

/** The container that a container of a former pod is a life of. Series of a JVM may have no label of their container, so the pod decides. */
function lifeOf({ candidates }: Shard): (life: ContainerKey) => ContainerKey {
  const podOf = ({ cluster, namespace, pod }: ContainerKey): string => JSON.stringify([cluster, namespace, pod]);
  const heads = new Map(candidates.flatMap(({ key, former }) => former.map((life) => [podOf(life), key.pod] as const)));
  return (life) => {
    const pod = heads.get(podOf(life));
    return pod === undefined ? life : { ...life, pod };
  };
}

/** Whether a server caused an error: it then costs a part of the answer. Other errors are memhound's own. */
export const isOfServer = (error: unknown): error is HttpError | InputError =>
  error instanceof HttpError || error instanceof InputError;

const NO_SAMPLES = 'the server lists it as running, and answers without any sample of it';

function nameOf({ candidates }: Pick<Shard, 'candidates'>): string {
  const [first] = candidates;
  if (candidates.length === 1) return keyText(first!.key);
  return `${keyText(first!.key)} and ${candidates.length - 1} more`;
}
