import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** A thread does not inherit the loader of TypeScript from its parent (Node 20). */
const LOAD = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(require('node:worker_threads').workerData.script);
});`;

/**
 * Runs tasks on a few threads and returns their results in the order of the tasks, so that a table does not depend on the number of threads.
 * Each thread runs the calling script again. There this function executes tasks until none is left, and returns null.
 */
export async function runOnThreads<Task, Result>(
  script: string,
  tasks: readonly Task[],
  work: (task: Task) => Result,
  options: { readonly threads: number; readonly onDone?: (done: number) => void },
): Promise<Result[] | null> {
  if (!isMainThread) {
    if (workerData?.script !== script) return null;
    parentPort!.on('message', ({ index, task }: { index: number; task: Task }) =>
      parentPort!.postMessage({ index, result: work(task) }),
    );
    return null;
  }
  const results = new Array<Result>(tasks.length);
  let next = 0;
  let done = 0;
  await Promise.all(
    Array.from(
      { length: Math.min(options.threads, tasks.length) },
      () =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(LOAD, { eval: true, workerData: { script }, argv: process.argv.slice(2) });
          const give = () => {
            if (next < tasks.length) {
              worker.postMessage({ index: next, task: tasks[next] });
              next++;
            } else {
              resolve();
              void worker.terminate();
            }
          };
          worker.on('error', reject);
          worker.on('message', ({ index, result }: { index: number; result: Result }) => {
            results[index] = result;
            options.onDone?.(++done);
            give();
          });
          give();
        }),
    ),
  );
  return results;
}
