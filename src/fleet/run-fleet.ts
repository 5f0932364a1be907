import { keyText } from '../inputs/prometheus/container-key.ts';
import { InputError } from '../inputs/series-file.ts';
import { SECOND_MS } from '../units.ts';
import { alarmSet } from './alarms.ts';
import { candidatesIn, RUNNING_WITHIN, takeInventory } from './discover.ts';
import { isOfServer } from './evaluate-shard.ts';
import type { EvaluatorOptions, Evaluators } from './evaluators.ts';
import { type ClientOptions, HttpClient } from './http/http-client.ts';
import { PrometheusApi, type TimeRange } from './http/prometheus-api.ts';
import { type RankedRow, ranked } from './rank.ts';
import { chooseReader, type ReadPlan, readerFor, type Way } from './read/choose-reader.ts';
import { anyOf, type Matcher, selectorText } from './read/matchers.ts';
import { replicaSpreads } from './replicas.ts';
import type { KnownRow, ResultFile } from './result-file.ts';
import { type Shard, shardsOf } from './shards.ts';
import type { Missing, RowSummary } from './types.ts';

export interface FleetOptions {
  readonly client: ClientOptions;
  readonly selector: readonly Matcher[];
  readonly range: TimeRange;
  readonly minHistorySeconds: number;
  /** By which clusters are told apart. */
  readonly clusterLabel: string;
  /** The way to read samples; null: the cheapest that the server has. */
  readonly way: Way | null;
  /** Expected share of false ones among the alarms, at most. */
  readonly falseAlarmRate: number;
  readonly results: ResultFile;
  readonly startEvaluators: (options: EvaluatorOptions) => Evaluators;
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly done: number;
  /** null: not known yet. */
  readonly total: number | null;
  readonly namespace: string;
}

export interface FleetAnswer {
  readonly range: TimeRange;
  readonly plan: ReadPlan;
  readonly rows: readonly RankedRow[];
  /** Alarms that are expected to be false. */
  readonly expectedFalse: number;
  readonly missing: readonly Missing[];
  readonly warnings: readonly string[];
  readonly tooYoung: number;
  readonly samples: number;
}

/** After so many failures in a row the server is taken to be gone, and the rest is missing without being asked for. */
const MAX_FAILURES = 8;

/** Finds the containers of a server, reads and evaluates them, and compares the verdicts. @throws HttpError, InputError if nothing can be read */
export async function runFleet(options: FleetOptions): Promise<FleetAnswer> {
  const http = new HttpClient(options.client);
  try {
    return await run(options, new PrometheusApi(http, options.clusterLabel));
  } finally {
    http.close();
  }
}

async function run(options: FleetOptions, api: PrometheusApi): Promise<FleetAnswer> {
  const { selector, range, results, minHistorySeconds } = options;
  const inventory = await takeInventory(api, selector, range);
  const sample = [anyOf('__name__', [inventory.listedBy]), ...selector];
  const plan = await chooseReader(api, sample, inventory.labels.pod, range, options.way);
  const { mostSamples } = readerFor(api, plan);
  const evaluators = options.startEvaluators({
    client: options.client,
    plan,
    clusterLabel: options.clusterLabel,
    minHistorySeconds,
  });
  const rows: KnownRow[] = [...results.earlier];
  const finished = new Set(rows.map(({ summary }) => keyText(summary)));
  const missing: Missing[] = [];
  const warnings = new Set<string>();
  const total = await totalOf(api, selectorText(sample), range.to);
  let [tooYoung, samples, failures] = [0, 0, 0];

  const evaluate = async (shard: Shard): Promise<void> => {
    const { namespace } = shard.candidates[0]!.key;
    if (failures >= MAX_FAILURES) {
      missing.push({
        what: `some of ${namespace || 'the containers'}`,
        why: 'the server no longer answers',
        containers: shard.candidates.length,
      });
      return;
    }
    const result = await evaluators.evaluate(shard);
    failures = result.missing.length > 0 && result.rows.length === 0 ? failures + 1 : 0;
    missing.push(...result.missing);
    for (const warning of result.warnings) warnings.add(warning);
    tooYoung += result.tooYoung;
    samples += result.samples;
    for (const { row, chart, summary } of result.rows) rows.push(results.add(row, chart, summary));
    options.onProgress({ done: rows.length, total, namespace });
  };

  async function* shards(): AsyncIterable<Shard> {
    for (const namespace of inventory.namespaces) {
      try {
        const candidates = await candidatesIn(api, namespace, inventory, selector, range);
        const open = candidates.filter(({ key }) => !finished.has(keyText(key)));
        yield* shardsOf(open, { ...inventory, range, stepSeconds: plan.stepSeconds, mostSamples, selector });
      } catch (error) {
        if (!isOfServer(error)) throw error;
        missing.push({
          what: namespace === '' ? 'the containers' : `namespace ${namespace}`,
          why: error.message,
          containers: 0,
        });
      }
    }
  }

  try {
    await forEachOf(shards(), evaluators.size, evaluate);
  } finally {
    await evaluators.close();
  }
  for (const warning of api.warnings) warnings.add(warning);
  if (rows.length === 0 && missing.length > 0)
    throw new InputError(`nothing could be read: ${missing[0]!.what}: ${missing[0]!.why}`);
  if (rows.length + tooYoung === 0)
    throw new InputError(
      `no container has a sample in the ${RUNNING_WITHIN} before ${new Date(range.to * SECOND_MS).toISOString()}, though the server has older ones: expected containers that run then; --until takes another time, such as that of the newest samples`,
    );
  return { range, plan, ...compared(rows, options.falseAlarmRate), missing, warnings: [...warnings], tooYoung, samples };
}

function compared(rows: readonly KnownRow[], rate: number): Pick<FleetAnswer, 'rows' | 'expectedFalse'> {
  const summaries: RowSummary[] = rows.map(({ summary }) => summary);
  const alarms = alarmSet(summaries, rate);
  const spreads = replicaSpreads(summaries);
  const all = rows.map((row) => ({
    row,
    alarm: alarms.rows.has(row.summary),
    replicas: spreads.get(row.summary) ?? null,
  }));
  return { rows: ranked(all), expectedFalse: alarms.expectedFalse };
}

/** The number of containers, for the progress; null: the server does not say. */
async function totalOf(api: PrometheusApi, selector: string, at: number): Promise<number | null> {
  try {
    const [row] = await api.instant(`count(count by (${api.clusterLabel},namespace,pod,container) (${selector}))`, at);
    return row?.v[0] ?? null;
  } catch {
    return null; // it is for the progress only
  }
}

/** Runs a function for each item, several at a time, and asks for an item only when there is room for it. */
async function forEachOf<T>(items: AsyncIterable<T>, atOnce: number, run: (item: T) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  for await (const item of items) {
    const task: Promise<void> = run(item).finally(() => running.delete(task));
    // Its failure is thrown by the race or at the end.
    task.catch(() => {});
    running.add(task);
    if (running.size >= atOnce) await Promise.race(running);
  }
  await Promise.all(running);
}
