import { durationText, safeName } from '../../format.ts';
import { isWithin } from '../../sources/files/file-groups.ts';
import type { CauseShare } from '../../trends/types.ts';
import { cacheReclaimText } from '../eta-text.ts';
import { adviceForKind } from '../file-kinds.ts';
import { type FileSituation, fileSituation, filesName, filesText, holdersText, keepersOf } from '../grown-files-text.ts';
import { SEVERAL_PROCESSES } from '../growth/attribute.ts';
import type { DiskGrowth } from '../growth/file-growth.ts';
import { paceSince } from '../growth/growth-pace.ts';
import { FILLING_HEAP } from '../heap-that-fills.ts';
import { heldKernelObjects } from '../held-kernel-objects.ts';
import { MIN_EXPLAINED_SHARE } from '../leak-of-causes.ts';
import type { CauseRule } from '../rule.ts';
import {
  areFlatText,
  capitalise,
  etaOf,
  fillingHeapPerHour,
  flatFieldNames,
  growthOf,
  newestValue,
  type RuleContext,
  shareText,
  trendOf,
} from '../rule-context.ts';
import { filePart, type Sentence, sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';
import type { FileRow } from '../types.ts';
import { FURTHEST_SECONDS, secondsToFull } from './disk-filling.ts';

const HARMLESS = 'No memory setting needs to be raised: the kernel reclaims this cache when it needs memory.';
const ADVICE: Readonly<Record<FileSituation, (row: FileRow, context: RuleContext) => string>> = {
  log: (_, { jvm }) =>
    `If the file is a log, write the log to stdout or lower its level${jvm !== null ? ': `memhound culprit --cause page-cache` names the line that writes it' : ''}. Otherwise rotate the file, or put it on a volume. ${HARMLESS}`,
  fixed: () =>
    `The file has its full length already and is filled or touched step by step, so its cache ends at that length: a journal that was allocated in advance, a database, a mapped file. Nothing has to be done. If its cache is too much, give it a smaller length. ${HARMLESS}`,
  many: () =>
    `Bound what these files may take: retention of the segments, rotation of the logs, or removal of files that are no longer needed. The cache of a file is freed when the file is deleted and closed. ${HARMLESS}`,
  read: () =>
    `The files are only read, and what was read stays in memory until the kernel needs the room: nothing has to be done. \`fincore FILE\` shows how much of a file is in memory; \`du\` cannot. ${HARMLESS}`,
  'removed-log': ({ openBy }) => {
    const [fd] = openBy.filter((o) => o.mode !== 'r');
    const at = fd === undefined ? '/proc/PID/fd/N' : `/proc/${fd.pid}/fd/${fd.fd}`;
    return `The file was removed while a program writes to it, so its space and cache stay until the program closes it. \`truncate -s 0 ${at}\` frees both at once. Then let the program open its log again, or restart it. Rotate with the logging library or with copytruncate, not by removing the file. \`du\` cannot see it; \`ls -l /proc/PID/fd\` and \`lsof +L1\` can.`;
  },
  mapped: ({ pids }, { processNames }) =>
    `The files were deleted while ${holdersText(pids, processNames)} maps them, and disk space and cache stay until the mappings end. A MappedByteBuffer is unmapped when it is collected, so first see whether anything holds it: \`memhound explain --release\` lets the JVM collect. Then unmap what is no longer needed (Arena.close from Java 22 on). \`du\` and \`lsof +L1\` cannot see these files; \`grep deleted /proc/${pids.length === 1 ? pids[0] : 'PID'}/maps\` can.`,
  unclosed: (row, { processNames }) => {
    const { pids, areReading } = keepersOf(row);
    const who = holdersText(pids, processNames);
    const seen = `\`du\` cannot see deleted files; \`ls -l /proc/${pids.length === 1 ? pids[0] : 'PID'}/fd | grep deleted\` and \`lsof +L1\` can.`;
    return areReading
      ? `${who} keeps files open for reading that were deleted meanwhile, as a log shipper or a \`tail -f\` does. Disk space and cache come back when it closes them: restart it, and let it close files that are gone (Rotate_Wait of Fluent Bit, close.on_state_change.removed of Filebeat). ${seen}`
      : `A leak of descriptors: ${who} deletes files and does not close them. Disk space and cache come back when they are closed or the process ends. Find what opens them and close it (try-with-resources); the limit of open files is reached otherwise. ${seen}`;
  },
};
const UNNAMED_ADVICE =
  'The file is no longer open, belongs to another user, or lies where memhound may not look. Compare `du` inside the container over an hour, look for deleted files with `lsof +L1`, or run memhound with the uid and gid of the app.';

/** The working set contains the slab that belongs to page cache, up to this share of the cache on ext4. Beside it a heap fills at such a pace unnoticed. */
const SLAB_OF_CACHE = 0.05;

/** Page cache grows. The usual cause is a log that is written inside the container; its pages stay in the cache. */
export const pageCacheFile: CauseRule = {
  id: 'page-cache-file',
  cause: 'page-cache',
  explain(context, share) {
    const rows = context.grown['page-cache'];
    const held = share.what === null ? heldBeside(context) : null;
    const row = rows[0] ?? null;
    const situation = row === null ? null : fileSituation(row, context);
    const usage = riseOfUsage(context);
    const whole = usage > 0 ? usage : share.bytesPerHour;
    const cache = cacheText(context, share.what);
    // Cache may take the place of what the processes give back.
    const growth =
      usage > 0 || trendOf(context, 'usage') === null
        ? sentence`Memory used grows ${steadyRateText(context, 'usage', whole)}, ${shareText(context, share.bytesPerHour, whole, trendOf(context, 'file')?.high)} ${cache}`
        : sentence`${besideText(context)}, and ${cache} grows ${steadyRateText(context, 'usage', whole)} in it`;
    const negligiblePerHour = SLAB_OF_CACHE * share.bytesPerHour;
    const flat = flatFieldNames(context, [
      { id: 'heap_used', negligiblePerHour },
      'threads',
      { id: 'working_set', negligiblePerHour },
    ]);
    return {
      headline: sentence`${growth}. ${meaningText(context, situation, flat, whole - share.bytesPerHour)}${diskText(context, row)}${held === null ? '' : sentence` ${held.text}`}`,
      severity: 'info',
      title:
        share.what === null
          ? sentence`Page cache is growing, but no visible file explains it`
          : sentence`Page cache of ${row === null ? filePart(share.what) : filesName(row)} is growing`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        fileBytes: newestValue(context, 'file'),
        shmemBytes: newestValue(context, 'shmem'),
        path: share.what,
        alsoPaths: rows.slice(1).map(({ path }) => path),
        situation,
        files: row?.files ?? null,
        deletedFiles: row?.deletedFiles ?? null,
        openFiles: row?.openFiles ?? null,
        writtenFiles: row?.writtenFiles ?? null,
        pids: row?.pids ?? [],
        sizeBytes: row?.sizeBytes ?? null,
        allocatedBytes: row?.allocatedBytes ?? null,
        residentBytes: row?.residentBytes ?? null,
        fileGrowthBytesPerHour: row?.growthBytesPerHour ?? null,
        method: row?.method ?? null,
        openBy: row?.openBy ?? [],
        flat,
        reclaimInSeconds: etaOf(context, 'reclaim')?.seconds ?? null,
      },
      advice:
        row === null || situation === null
          ? share.what === null
            ? (held?.advice ?? UNNAMED_ADVICE)
            : HARMLESS
          : adviceFor(row, situation, context),
    };
  },
};

/** What grows in kernel memory beside page cache that no file explains: the folders that are watched have blocks in it, too. */
const heldBeside = (context: RuleContext): ReturnType<typeof heldKernelObjects> =>
  context.evaluation.causes.some(({ cause }) => cause === 'slab') ? heldKernelObjects(context) : null;

/** Bytes per hour, also where it is open whether the rise goes on: the cache in it does. */
function riseOfUsage(context: RuleContext): number {
  const usage = trendOf(context, 'usage');
  return usage?.trend === 'settling' ? Math.max(0, usage.slopeBytesPerHour ?? 0) : growthOf(context, 'usage');
}

/** An option bounds what a JVM writes by itself, unless the files are to be closed or unmapped first. */
function adviceFor(row: FileRow, situation: FileSituation, context: RuleContext): string {
  const ofKind = situation === 'log' || situation === 'many' ? adviceForKind(row, context) : null;
  return ofKind === null ? ADVICE[situation](row, context) : `${ofKind} ${HARMLESS}`;
}

/** What all memory used does, where the cache grows and the sum is not called growing. */
function besideText(context: RuleContext): string {
  const usage = trendOf(context, 'usage');
  if (usage?.trend !== 'settling') return 'Memory used does not grow';
  return usage.basis.statistics.rise === undefined ? 'Memory used rises ever more slowly' : 'Memory used rose and stands';
}

/** "page cache of 31 files in /data/topic/ (251 MiB, held open for writing by pid 7)" */
function cacheText(context: RuleContext, what: string | null): Sentence {
  const rows = context.grown['page-cache'];
  if (what === null) return sentence`page cache`;
  if (rows.length === 0) return sentence`page cache of ${filePart(what)}`;
  const texts = rows.map((row) => filesText(row, fileSituation(row, context), context));
  return texts.reduce((all, text, i) => sentence`${all}${i === 0 ? '' : ' and of '}${text}`, sentence`page cache of `);
}

/** `besidePerHour`: what of the growth of all memory used is left for what grows beside the cache. */
function meaningText(
  context: RuleContext,
  situation: FileSituation | null,
  flat: readonly string[],
  besidePerHour: number,
): string {
  const rest = restText(context, besidePerHour);
  const areFlat = flat.length > 0 ? `${capitalise(areFlatText(flat))}: ` : '';
  const text =
    situation === 'mapped'
      ? 'a leak of mappings, not of memory: disk and cache come back when they are unmapped'
      : situation === 'unclosed'
        ? 'a leak of descriptors, not of memory: disk and cache come back when they are closed'
        : `${context.evaluation.leak === null ? '' : 'not a leak, '}the kernel takes it back ${cacheReclaimText(context)}`;
  return `${areFlat}${areFlat === '' ? capitalise(text) : text}.${rest}`;
}

/** What grows beside the cache, if it is not known yet whether that is a leak. */
function restText(context: RuleContext, besidePerHour: number): string {
  const anon = growthOf(context, 'anon');
  if (context.evaluation.leak !== null) return '';
  const heap = context.evaluation.causes.find(({ cause }) => cause === 'heap') ?? null;
  if (heap === null && anon <= 0)
    return besidePerHour > (1 - MIN_EXPLAINED_SHARE) * growthOf(context, 'usage') ? ' What else grows is not known yet.' : '';
  if (heap !== null && heap.what !== FILLING_HEAP)
    return ` The Java heap grows ${steadyRateText(context, 'what fills', heap.bytesPerHour)} beside it, and whether that is a leak is not known yet.`;
  const rate = (perHour: number): string | null => rateBeside(context, perHour, besidePerHour);
  const open = context.evaluation.causes.find(({ reclaimable }) => !reclaimable) ?? null;
  if (heap === null && open !== null)
    return ` ${openCauseText(open)} grows${prefixed(' ', rate(open.bytesPerHour))} beside it, and whether that is a leak is not known yet.`;
  const filling = heap === null ? fillingHeapPerHour(context) : heap.bytesPerHour;
  if (filling === null)
    return ` Anonymous memory grows${prefixed(' ', rate(anon))} beside it, and whether that is a leak is not known yet.`;
  const pace = heap === null ? rate(filling) : steadyRateText(context, 'what fills', filling);
  return ` The Java heap fills beside it${prefixed(', ', pace)}: whether that is a leak is known after its old generation has been collected.`;
}

/** A cause of which it is open whether it leaks, as the subject of a sentence. */
function openCauseText({ cause, what }: CauseShare): string {
  if (cause === 'process') return what === null || what === SEVERAL_PROCESSES ? 'Memory of other processes' : safeName(what);
  return OPEN_CAUSES[cause] ?? 'Memory that the kernel cannot take back';
}

const OPEN_CAUSES: Partial<Record<CauseShare['cause'], string>> = {
  metaspace: 'Metaspace',
  native: 'Memory outside the Java heap',
  threads: 'Memory of threads',
  shmem: 'Shared memory',
};

const prefixed = (prefix: string, text: string | null): string => (text === null ? '' : `${prefix}${text}`);

/** A part may seem to be a little faster than what is left for it, by the error of three slopes. */
const MAX_EXCESS = 1.1;

/**
 * The rate of anonymous memory, where it adds up with that of the cache. Its newest line may be shorter than that of the whole, and steeper: then the
 * rate is that of the same time. null: neither fits.
 */
function rateBeside(context: RuleContext, perHour: number, besidePerHour: number): string | null {
  const { t, fields } = context.series;
  const column = fields.get('anon');
  const fromS = trendOf(context, 'usage')?.basis.line?.fromT;
  const inSameTime = column === undefined || fromS === undefined ? null : paceSince(t, column, fromS);
  const most = MAX_EXCESS * besidePerHour;
  const rate = perHour <= most ? perHour : inSameTime;
  return rate !== null && rate > 0 && rate <= most ? steadyRateText(context, 'what fills', rate) : null;
}

/** Other files may fill the same disk. */
const isFilledBy = ({ files }: DiskGrowth, row: FileRow | null): boolean =>
  row !== null && files.some(({ path }) => isWithin(row.path, path) || isWithin(path, row.path));

/** Memory is not in danger, but the disk may be. */
function diskText(context: RuleContext, row: FileRow | null): string {
  const system = row?.fileSystem ?? null;
  const disk =
    system === null ? undefined : context.disks.find((d) => d.fileSystem.totalBytes === system.totalBytes && isFilledBy(d, row));
  const seconds = disk === undefined ? null : secondsToFull(disk, context.pod);
  const soon = seconds !== null && seconds < FURTHEST_SECONDS ? seconds : null;
  // One scan may miss a file. The disk goes on being filled.
  const due = context.steady.keep('seconds to a full disk', soon, { same: (a, b) => (a === null) === (b === null) });
  if (row === null || due === null) return '';
  return ` But the disk ${row.files === 1 ? 'it fills' : 'they fill'} lasts ${durationText(due)}.`;
}
