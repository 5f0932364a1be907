import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { EvaluationCache } from '../trends/evaluation-cache.ts';
import { evaluateShard, missingShard, type ShardResult } from './evaluate-shard.ts';
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
  const all = Array.from(
    { length: threads },
    () => new EvaluatorThread(() => new Worker(script, { workerData: data, resourceLimits: LIMITS })),
  );
  return {
    // One more than threads each: its samples arrive while the one before is evaluated.
    size: 2 * threads,
    evaluate: (shard) => all.reduce((least, other) => (other.tasks < least.tasks ? other : least)).evaluate(shard),
    async close() {
      await Promise.all(all.map((thread) => thread.close()));
    },
  };
}

type Evaluated = ShardResult & { readonly warnings: readonly string[] };

interface Waiting {
  readonly shard: Shard;
  readonly resolve: (result: Evaluated) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that begins with its first shard, and again after one whose answer was too large for it. */
class EvaluatorThread {
  readonly #start: () => Worker;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #next = 0;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  get tasks(): number {
    return this.#waiting.size;
  }

  evaluate(shard: Shard): Promise<Evaluated> {
    this.#worker ??= this.#begin();
    const [worker, id] = [this.#worker, this.#next++];
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { shard, resolve, reject });
      worker.postMessage({ id, shard } satisfies Task);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(): Worker {
    const worker = this.#start();
    worker.on('message', ({ id, result, warnings }: Reply) => {
      this.#waiting.get(id)?.resolve({ ...result, warnings });
      this.#waiting.delete(id);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      // A server may send more than it was asked for. That costs these containers, and not the run.
      const isTooLarge = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#end(({ shard, resolve, reject }) =>
        isTooLarge ? resolve({ ...missingShard(shard, TOO_LARGE), warnings: [] }) : reject(error),
      );
    });
    worker.on('exit', (code) => {
      if (this.#worker === worker) this.#end(({ reject }) => reject(new Error(`a thread ended with code ${code}`)));
    });
    return worker;
  }

  #end(settle: (waiting: Waiting) => void): void {
    const ended = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#worker = null;
    for (const one of ended) settle(one);
  }
}

const TOO_LARGE = `the answer is larger than a thread has memory for (${LIMITS.maxOldGenerationSizeMb} MiB); expected the samples that were asked for`;

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
