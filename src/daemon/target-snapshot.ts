import { fileRows, withChargedBytes, withHolderNames } from '../diagnosis/file-rows.ts';
import type { FileRow } from '../diagnosis/types.ts';
import { FileTracks } from '../history/file-tracks.ts';
import { openSampler } from '../sample/sampler.ts';
import { PageCacheScanner } from '../sources/files/page-cache-scanner.ts';
import { KnownProcessNames } from '../sources/process/process-names.ts';
import type { FileReading, Roots, Target } from '../sources/types.ts';
import type { ReadTick } from './tick-answers.ts';

/** There is only one scan, so it may do more work than a scan of `watch`: about a second at most. */
const SNAPSHOT_LIMITS = { burst: 187_500 };

/** One reading of a target without history, for `explain`. */
export type TargetSnapshot =
  | { readonly state: 'read'; readonly tick: ReadTick; readonly files: readonly FileReading[]; readonly rows: readonly FileRow[] }
  | { readonly state: 'unread'; readonly reason: string };

export async function takeSnapshot(
  target: Target,
  { roots, mayAttach, pids }: { readonly roots: Roots; readonly mayAttach: boolean; readonly pids: () => number[] },
  nowMs: number,
): Promise<TargetSnapshot> {
  const sampler = openSampler(target, roots, mayAttach);
  await sampler.askJvm(nowMs);
  const tick = sampler.tick(nowMs);
  sampler.close();
  if (tick.cgroup.state === 'absent') return { state: 'unread', reason: tick.cgroup.reason };
  if (tick.cgroup.state === 'failed') return { state: 'unread', reason: tick.cgroup.error };
  const { cgroup } = tick;
  const scanner =
    target.process === null ? null : new PageCacheScanner({ roots, process: target.process, pids, limits: SNAPSHOT_LIMITS });
  const { values } = tick.sample;
  const files =
    scanner === null ? [] : await scanner.scan(nowMs, { fileBytes: values.file ?? null, shmemBytes: values.shmem ?? null });
  scanner?.close();
  const tracks = new FileTracks();
  tracks.record(nowMs, files);
  const charged = withChargedBytes(fileRows(tracks.newest()), values);
  const names = new KnownProcessNames(roots.proc).of(
    charged.flatMap((row) => row.pids),
    target,
  );
  const rows = withHolderNames(charged, names);
  return { state: 'read', tick: { ...tick, cgroup }, files, rows };
}
