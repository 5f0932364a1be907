import { bytesText, durationText } from '../../format.ts';
import { heapCountedIn } from '../../sources/jvm/collectors.ts';
import { fileRows } from '../file-rows.ts';
import { unreclaimableAgainstLimit } from '../finding-limit.ts';
import { filesSubject } from '../grown-files-text.ts';
import type { ConditionRule } from '../rule.ts';
import { type RuleContext, roomNow } from '../rule-context.ts';
import { type Sentence, sentence } from '../sentence.ts';

const ADVICE =
  'What is written to /dev/shm, or to an emptyDir with medium Memory, stays when the process that wrote it ends: each run adds its own. Let it write under a name that is the same in each run, or remove what earlier runs have left before the start, in the entrypoint. Removing the files gives the memory back at once; the end of the JVM does not.';

/** Shared memory rises with each restart: a run leaves its files on a tmpfs, and the next one adds its own. */
export const leftByRuns: ConditionRule = {
  id: 'left-by-runs',
  find(context) {
    const { leftByRuns: left } = context;
    // The heap of ZGC is shared memory, too, and a later run may have begun with a larger one.
    if (left === null || heapCountedIn(context.jvm?.collector ?? null) === 'shmem') return null;
    const title = sentence`Shared memory (tmpfs) rose ${bytesText(left.bytesPerRestart)} with each of ${left.restarts} restarts in ${durationText(left.seconds)}, to ${bytesText(left.bytes)}: what a run leaves there stays`;
    const more = restartsToLimit(context, left.bytesPerRestart);
    const end =
      more === null ? '' : more === 0 ? '. The next one reaches the limit' : `. The limit is reached after some ${more} more`;
    const seen = inSight(context);
    return {
      severity: 'warn',
      title: sentence`${title}${end}`,
      ...(more === null ? {} : { outcome: 'ends in an OOM kill at a later start' }),
      evidence: {
        restarts: left.restarts,
        bytesPerRestart: Math.round(left.bytesPerRestart),
        shmemBytes: left.bytes,
        restartsToLimit: more,
      },
      advice: ADVICE,
      limit: unreclaimableAgainstLimit(context),
      lead: sentence`${title}${seen}${end}.`,
    };
  },
};

/** "; the largest there is /dev/shm/unpack-*.bin (8 files, 200 MiB)": which run wrote it is not known. */
function inSight({ series }: RuleContext): Sentence {
  const [row] = fileRows(series.files)
    .filter(({ kind, fileSystem }) => kind !== 'unqueried' && fileSystem?.kind === 'tmpfs')
    .sort((a, b) => (b.residentBytes ?? 0) - (a.residentBytes ?? 0));
  return row === undefined ? [] : sentence`; the largest there is ${filesSubject(row)}`;
}

/** How many more restarts have room; null: there is no limit, or it is far. */
function restartsToLimit(context: RuleContext, bytesPerRestart: number): number | null {
  const room = roomNow(context);
  if (room === null) return null;
  const more = Math.floor(room / bytesPerRestart);
  return more <= FURTHEST ? more : null;
}

const FURTHEST = 100;
