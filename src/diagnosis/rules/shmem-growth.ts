import { rateText } from '../../format.ts';
import { etaDueText, noLimitText } from '../eta-text.ts';
import { fileSituation, filesSubject } from '../grown-files-text.ts';
import { isHeapInShmem } from '../growth/shared-heap.ts';
import type { CauseRule } from '../rule.ts';
import { etaOf, isImminent, newestValue } from '../rule-context.ts';
import { filePart, sentence } from '../sentence.ts';

const ADVICE =
  'Delete or bound the files in /dev/shm or in the emptyDir with `medium: Memory`. With a sizeLimit on the volume, Kubernetes evicts this pod when the limit is reached.';
const UNNAMED_ADVICE =
  'No file explains it, so a process holds it without one: System V segments (`ipcs -m`), shared memory without a name (memfd, MAP_SHARED), or files of another user. `grep RssShmem /proc/[0-9]*/status` in the container shows which process maps it.';
const UNCLOSED_ADVICE =
  'A leak of descriptors: deleted files keep their memory until they are closed or the process ends. Find what opens them and close it (try-with-resources). `du` cannot see deleted files; `ls -l /proc/PID/fd | grep deleted` and `lsof +L1` can.';
const MAPPED_ADVICE =
  'The files were deleted while a process maps them, and their memory stays until the mappings end. A MappedByteBuffer is unmapped when it is collected: `memhound explain --release` lets the JVM collect and shows whether anything holds it. `du` and `lsof +L1` cannot see these files; `grep deleted /proc/PID/maps` can.';
const ZGC_ADVICE = 'ZGC keeps the Java heap in shared memory. Compare it with heap_committed before you look for files.';

/** tmpfs or shared memory grows. Most tools show it as cache, but the kernel cannot reclaim it without swap. */
export const shmemGrowth: CauseRule = {
  id: 'shmem-growth',
  cause: 'shmem',
  explain(context, share) {
    const oom = etaOf(context, 'oom-kill');
    const rows = context.grown.shmem;
    const row = rows[0] ?? null;
    const alone = share.what === null ? sentence`Shared memory (tmpfs, /dev/shm)` : [filePart(share.what)];
    const name = row === null ? alone : filesSubject(row);
    const situation = row === null ? null : fileSituation(row, context);
    const unclosed = situation === 'unclosed' || situation === 'removed-log';
    const end = oom ? `: OOM kill ${etaDueText(context, oom)}.` : `.${noLimitText(context)}`;
    const collector = context.jvm?.collector ?? null;
    return {
      headline: sentence`${name} grows ${rateText(share.bytesPerHour)}. Most dashboards count it as cache, but the kernel cannot take it back${end}`,
      severity: isImminent(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: sentence`tmpfs or shared memory grows`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        shmemBytes: newestValue(context, 'shmem'),
        path: share.what,
        alsoPaths: rows.slice(1).map(({ path }) => path),
        situation,
        files: row?.files ?? null,
        deletedFiles: row?.deletedFiles ?? null,
        pids: row?.pids ?? [],
        residentBytes: row?.residentBytes ?? null,
        collector,
      },
      advice: isHeapInShmem(context.jvm, rows)
        ? ZGC_ADVICE
        : situation === 'mapped'
          ? MAPPED_ADVICE
          : unclosed
            ? UNCLOSED_ADVICE
            : share.what === null && context.series.files.length > 0
              ? UNNAMED_ADVICE
              : ADVICE,
    };
  },
};
