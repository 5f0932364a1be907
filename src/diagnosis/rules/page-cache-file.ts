import { bytesText, durationText, joinWithAnd, rateText, safeName } from '../../format.ts';
import { reclaimTimeText } from '../eta-text.ts';
import {
  capitalise,
  etaOf,
  flatFieldNames,
  growthOf,
  newestValue,
  type RuleContext,
  type RuleResult,
  shareText,
} from '../rule-context.ts';
import type { FileRow } from '../types.ts';
import { secondsToFull } from './disk-filling.ts';

/** True when page cache grows. The story: a log written inside the container, whose pages stay in cache. */
export function pageCacheFile(context: RuleContext): RuleResult | null {
  const share = context.evaluation.causes.find((c) => c.cause === 'page-cache');
  if (!share) return null;
  const file = share.what === null ? undefined : context.files.find((f) => f.path === share.what);
  const usage = growthOf(context, 'usage');
  const flat = flatFieldNames(context, ['heap_used', 'threads', 'working_set']);
  const whole = usage > 0 ? usage : share.bytesPerHour;
  const named = share.what === null ? 'page cache' : `page cache of ${safeName(share.what)}`;
  const full = file ? secondsToFull(file, context.pod) : null;
  const sentences = [
    `Memory used grows ${rateText(whole)}, ${shareText(share.bytesPerHour, whole)} ${named}${file ? ` (${holders(file)})` : ''}`,
    `${flat.length > 0 ? `${capitalise(joinWithAnd(flat))} ${flat.length > 1 ? 'are' : 'is'} flat: not a leak` : 'Not a leak'}, the kernel takes it back ${reclaimTimeText(context)}`,
  ];
  if (full !== null && full < 90 * 86400) sentences.push(`But the disk it fills lasts ${durationText(full)}`);
  const reclaim = etaOf(context, 'reclaim');
  return {
    cause: 'page-cache',
    headline: `${sentences.join('. ')}.`,
    etas: [],
    finding: {
      rule: 'page-cache-file',
      severity: 'info',
      title:
        share.what === null
          ? 'Page cache grows, and no file in sight explains it'
          : `Page cache grows by ${safeName(share.what)}`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        fileBytes: newestValue(context, 'file'),
        shmemBytes: newestValue(context, 'shmem'),
        path: share.what,
        sizeBytes: file?.sizeBytes ?? null,
        residentBytes: file?.residentBytes ?? null,
        fileGrowthBytesPerHour: file?.growthBytesPerHour ?? null,
        method: file?.method ?? null,
        openBy: file?.openBy ?? [],
        flat,
        reclaimInSeconds: reclaim?.seconds ?? null,
      },
      advice: share.what === null ? UNNAMED : ADVICE,
    },
  };
}

const ADVICE =
  'If it is a log, write it to stdout instead of a file in the container, or lower the level; else rotate it, or put it on a volume. For memory nothing need be raised: the kernel reclaims this cache by itself.';
const UNNAMED =
  'The file is not open any more, belongs to another user, or lies where memhound may not look. Compare `du` inside the container over an hour, or run memhound with the uid and gid of the app.';

function holders(file: FileRow): string {
  const size = file.sizeBytes === null ? 'size unknown' : bytesText(file.sizeBytes);
  const writer = file.openBy.find((o) => o.mode !== 'r');
  const open = writer ? `, held open for writing by pid ${writer.pid}, fd ${writer.fd}` : '';
  return `${size}${file.deleted ? ', deleted but still open' : ''}${open}`;
}
