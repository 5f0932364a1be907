import { bytesText, durationText, rateText } from '../../format.ts';
import { reclaimTimeText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import {
  areFlatText,
  capitalise,
  etaOf,
  flatFieldNames,
  growthOf,
  newestValue,
  type RuleContext,
  shareText,
} from '../rule-context.ts';
import { filePart, sentence } from '../sentence.ts';
import type { FileRow } from '../types.ts';
import { FURTHEST_SECONDS, secondsToFull } from './disk-filling.ts';

const ADVICE =
  'If the file is a log, write the log to stdout or lower its level. Otherwise rotate the file, or put it on a volume. No memory setting needs to be raised: the kernel reclaims this cache when it needs memory.';
const UNNAMED_ADVICE =
  'The file is no longer open, belongs to another user, or lies where memhound may not look. Compare `du` inside the container over an hour, or run memhound with the uid and gid of the app.';

/** Page cache grows: most often a log that is written inside the container, whose pages stay in cache. */
export const pageCacheFile: CauseRule = {
  id: 'page-cache-file',
  cause: 'page-cache',
  explain(context, share) {
    const { what: path } = share;
    const file = context.files.find((f) => f.path === path) ?? null;
    const usage = growthOf(context, 'usage');
    const whole = usage > 0 ? usage : share.bytesPerHour;
    const flat = flatFieldNames(context, ['heap_used', 'threads', 'working_set']);
    const holder = file === null ? '' : ` (${holderText(file)})`;
    const cache = path === null ? sentence`page cache` : sentence`page cache of ${filePart(path)}${holder}`;
    const notALeak = flat.length > 0 ? `${capitalise(areFlatText(flat))}: not a leak` : 'Not a leak';
    return {
      headline: sentence`Memory used grows ${rateText(whole)}, ${shareText(share.bytesPerHour, whole)} ${cache}. ${notALeak}, the kernel takes it back ${reclaimTimeText(context)}.${diskText(context, file)}`,
      severity: 'info',
      title:
        path === null
          ? sentence`Page cache is growing, but no visible file explains it`
          : sentence`Page cache of ${filePart(path)} is growing`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        fileBytes: newestValue(context, 'file'),
        shmemBytes: newestValue(context, 'shmem'),
        path,
        sizeBytes: file?.sizeBytes ?? null,
        residentBytes: file?.residentBytes ?? null,
        fileGrowthBytesPerHour: file?.growthBytesPerHour ?? null,
        method: file?.method ?? null,
        openBy: file?.openBy ?? [],
        flat,
        reclaimInSeconds: etaOf(context, 'reclaim')?.seconds ?? null,
      },
      advice: path === null ? UNNAMED_ADVICE : ADVICE,
    };
  },
};

/** "794 MiB, held open for writing by pid 1, fd 27" */
function holderText(file: FileRow): string {
  const size = file.sizeBytes === null ? 'size unknown' : bytesText(file.sizeBytes);
  const writer = file.openBy.find((o) => o.mode !== 'r');
  const open = writer ? `, held open for writing by pid ${writer.pid}, fd ${writer.fd}` : '';
  return `${size}${file.deleted ? ', deleted but still open' : ''}${open}`;
}

/** Memory is safe, but the disk may not be. */
function diskText(context: RuleContext, file: FileRow | null): string {
  const seconds = file === null ? null : secondsToFull(file, context.pod);
  return seconds !== null && seconds < FURTHEST_SECONDS ? ` But the disk it fills lasts ${durationText(seconds)}.` : '';
}
