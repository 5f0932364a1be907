import { fileRows } from '../diagnosis/file-rows.ts';
import type { FileRow } from '../diagnosis/types.ts';
import { openSampler, type Tick } from '../sample/sampler.ts';
import { PageCacheScanner } from '../sources/files/page-cache-scanner.ts';
import type { FileReading, Roots, Target } from '../sources/types.ts';

/** There is no second look, so the only one may walk further than those of `watch`: about a second at the most. */
const SNAPSHOT_LIMITS = { burst: 150_000 };

/** One look at a target: what `explain` prints, without any history. */
export interface TargetSnapshot {
  readonly tick: Tick;
  readonly files: readonly FileReading[];
  readonly rows: readonly FileRow[];
}

export async function takeSnapshot(target: Target, roots: Roots, pids: () => number[], nowMs: number): Promise<TargetSnapshot> {
  const sampler = openSampler(target, roots);
  const tick = sampler.tick(nowMs);
  sampler.close();
  const watcher =
    target.process === null ? null : new PageCacheScanner({ roots, process: target.process, pids, limits: SNAPSHOT_LIMITS });
  const { values } = tick.sample;
  const files =
    watcher === null ? [] : await watcher.scan(nowMs, { fileBytes: values.file ?? null, shmemBytes: values.shmem ?? null });
  watcher?.close();
  const one = (n: number | null) => Float64Array.of(n ?? Number.NaN);
  const rows = fileRows(
    files.map((f) => ({
      ...f,
      t: Float64Array.of(nowMs / 1000),
      sizeBytes: one(f.sizeBytes),
      residentBytes: one(f.residentBytes),
    })),
  );
  return { tick, files, rows };
}
