import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { EvaluationCache } from '../trends/evaluation-cache.ts';
import { evaluateShard, type ShardResult } from './evaluate-shard.ts';
import { type ClientOptions, HttpClient } from './http/http-client.ts';
import { PrometheusApi } from './http/prometheus-api.ts';
import { type ReadPlan, readerFor } from './read/choose-reader.ts';
import type { Shard } from './shards.ts';

/** What a thread needs to read and evaluate shards. */
export interface EvaluatorOptions {
  readonly client: ClientOptions;
  readonly plan: ReadPlan;
  readonly clusterLabel: string;
  readonly minHistorySeconds: number;
}

/** Evaluates shards, several at a time. */
export interface Evaluators {
  /** The number of shards that are evaluated at once. */
  readonly size: number;
  evaluate(shard: Shard): Promise<ShardResult & { readonly warnings: readonly string[] }>;
  close(): Promise<void>;
}

/** V8 collects garbage earlier in a small heap. Samples are not part of it. A shard takes some 30 MiB of it in the form of JSON, 10 in others. */
const LIMITS = { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 80 };

/** Containers whose scrapes have no gaps have the same window; those of replicas and former pods have others. */
const WINDOWS = 4;

type Task = { readonly id: number; readonly shard: Shard };
type Reply = { readonly id: number; readonly result: ShardResult; readonly warnings: readonly string[] };

/** Marks a thread that was started by `startThreads`, as a program may have others. */
const ROLE = 'memhound fleet';

/** Evaluates in this thread: for few containers, and where the program runs from its source. */
export function evaluateHere({ client, plan, clusterLabel, minHistorySeconds }: EvaluatorOptions): Evaluators {
  const http = new HttpClient(client);
  const api = new PrometheusApi(http, clusterLabel);
  const reader = readerFor(api, plan);
  const cache = EvaluationCache.ofWindows(WINDOWS);
  return {
    size: client.connections,
    async evaluate(shard) {
      const result = await evaluateShard(shard, reader, { minHistorySeconds, cache });
      return { ...result, warnings: [...api.warnings] };
    },
    async close() {
      http.close();
    },
  };
}

/**
 * Evaluates in threads. Each reads its own shards over one connection, so decoding takes place beside other evaluations. `script` is the program
 * itself, which calls `serveThread` in a thread.
 */
export function startThreads(script: URL, threads: number, options: EvaluatorOptions): Evaluators {
  const data = { role: ROLE, options: { ...options, client: { ...options.client, connections: 1 } } };
  const waiting = new Map<number, { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void }>();
  let next = 0;
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(script, { workerData: data, resourceLimits: LIMITS });
    const tasks = new Set<number>();
    const fail = (error: Error): void => {
      for (const id of tasks) waiting.get(id)?.reject(error);
    };
    worker.on('message', (reply: Reply) => {
      tasks.delete(reply.id);
      waiting.get(reply.id)?.resolve(reply);
      waiting.delete(reply.id);
    });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new Error(`a thread ended with code ${code}`)));
    return { worker, tasks };
  });
  return {
    // One more than threads each: its samples arrive while the one before is evaluated.
    size: 2 * threads,
    async evaluate(shard) {
      const id = next++;
      const { worker, tasks } = workers.reduce((least, other) => (other.tasks.size < least.tasks.size ? other : least));
      tasks.add(id);
      const { result, warnings } = await new Promise<Reply>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, shard } satisfies Task);
      });
      return { ...result, warnings };
    },
    async close() {
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
    },
  };
}

/** In a thread of `startThreads` it serves tasks and returns true; elsewhere it does nothing. */
export function serveThread(): boolean {
  const data = workerData as { readonly role?: unknown; readonly options: EvaluatorOptions } | null;
  if (isMainThread || data?.role !== ROLE) return false;
  const evaluators = evaluateHere(data.options);
  parentPort!.on('message', async ({ id, shard }: Task) => {
    const { warnings, ...result } = await evaluators.evaluate(shard);
    parentPort!.postMessage({ id, result, warnings } satisfies Reply);
  });
  return true;
}
