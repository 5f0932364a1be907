import { bytesText, safeName } from '../../format.ts';
import type { ShmemHolder } from '../../sources/process/shmem-holder.ts';
import { etaDueText, noLimitText } from '../eta-text.ts';
import { fileSituation, filesSubject, holdersText, keepersOf } from '../grown-files-text.ts';
import { isHeapInShmem } from '../growth/shared-heap.ts';
import type { CauseRule } from '../rule.ts';
import { etaOf, isImminent, newestValue, type RuleContext } from '../rule-context.ts';
import { filePart, type Sentence, sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';
import type { FileRow } from '../types.ts';

const ADVICE =
  'Delete or bound the files in /dev/shm or in the emptyDir with `medium: Memory`. With a sizeLimit on the volume, Kubernetes evicts this pod when the limit is reached.';
const UNNAMED_ADVICE =
  'No file explains it, so a process holds it without one: System V segments (`ipcs -m`), shared memory without a name (memfd, MAP_SHARED), files of another user, or a tmpfs that a process mounted for itself in a mount namespace of its own (`grep tmpfs /proc/[0-9]*/mountinfo`).';
const unnamedAdvice = (holder: ShmemHolder | null): string =>
  holder === null
    ? `${UNNAMED_ADVICE} \`grep RssShmem /proc/[0-9]*/status\` in the container shows which process maps it.`
    : `${UNNAMED_ADVICE} \`grep -E "SYSV|memfd|zero" /proc/${holder.pid}/maps\` shows which of them. A System V segment stays after its processes have ended: \`ipcrm -m ID\` removes it.`;
const UNCLOSED_ADVICE =
  'A leak of descriptors: deleted files keep their memory until they are closed or the process ends. Find what opens them and close it (try-with-resources). `du` cannot see deleted files; `ls -l /proc/PID/fd | grep deleted` and `lsof +L1` can.';
const MEMFD_ADVICE =
  'One file in memory that has no name in any folder (memfd_create) grows: its memory is freed when it is closed or truncated. Its name, after memfd:, tells who made it: a profiler that records in memory (async-profiler with jfropts=mem), buffers that are shared with another process. Bound what is written to it. `du` cannot see it; `ls -l /proc/PID/fd | grep memfd` can.';
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
    const holder = share.what === null && row === null ? holderOf(context) : null;
    const alone = share.what === null ? unnamedText(context, holder) : [filePart(share.what)];
    const situation = row === null ? null : fileSituation(row, context);
    const unclosed = situation === 'unclosed' || situation === 'removed-log';
    const openIn =
      unclosed && row !== null && row.pids.length > 0
        ? `, held open by ${holdersText(keepersOf(row).pids, context.processNames)},`
        : '';
    const name = row === null ? alone : sentence`${filesSubject(row)}${openIn}`;
    const end = oom ? `: OOM kill ${etaDueText(context, oom)}.` : `.${noLimitText(context)}`;
    const collector = context.jvm?.collector ?? null;
    return {
      headline: sentence`${name} grows ${steadyRateText(context, share.cause, share.bytesPerHour)}. Most dashboards count it as cache, but the kernel cannot take it back${end}`,
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
        ...(holder === null ? {} : { holder }),
      },
      advice: isHeapInShmem(context.jvm, rows)
        ? ZGC_ADVICE
        : situation === 'mapped'
          ? MAPPED_ADVICE
          : unclosed
            ? unclosedAdvice(row)
            : share.what === null && (holder !== null || context.series.files.length > 0)
              ? unnamedAdvice(holder)
              : ADVICE,
    };
  },
};

/** Several have been left open; one that grows is in use. */
const unclosedAdvice = (row: FileRow | null): string =>
  row?.path.startsWith('/memfd:') && row.deletedFiles < 2 ? MEMFD_ADVICE : UNCLOSED_ADVICE;

/** A process that maps less than this share of it does not explain it. */
const MIN_HELD_SHARE = 0.5;

/** The process that maps most of the shared memory; null: none does, or it is a Java heap (ZGC). */
function holderOf(context: RuleContext): ShmemHolder | null {
  const { shmemHolder: holder } = context;
  const shmem = newestValue(context, 'shmem');
  const explains = holder !== null && shmem !== null && holder.bytes >= MIN_HELD_SHARE * shmem;
  const found = explains && !isHeapInShmem(context.jvm, context.grown.shmem) ? holder : null;
  // A process that was not seen at one look, on a busy machine, still holds it.
  return context.steady.keep<ShmemHolder | null>('holder of shared memory', found, {
    same: (a, b) => a?.pid === b?.pid,
    atOnce: (published) => published === null,
  });
}

/** "Shared memory without a file in sight, 214 MiB of it mapped by postgres (pid 12)," */
function unnamedText({ target }: RuleContext, holder: ShmemHolder | null): Sentence {
  if (holder === null) return sentence`Shared memory (tmpfs, /dev/shm)`;
  const name = target.jvm !== null && holder.pid === target.pid ? 'the JVM' : safeName(holder.name);
  return sentence`Shared memory without a file in sight, ${bytesText(holder.bytes)} of it mapped by ${name} (pid ${holder.pid}),`;
}
