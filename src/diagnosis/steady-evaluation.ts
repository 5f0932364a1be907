import { entriesOf, type FieldName } from '../fields.ts';
import type { FileTrack } from '../history/series.ts';
import type { Cause, CauseShare, Evaluation, FieldTrend } from '../trends/types.ts';
import { MINUTE_S } from '../units.ts';
import { type FileCause, type GrownFiles, rowsNamed } from './growth/file-growth.ts';
import { agrees } from './leak-of-causes.ts';
import type { Keeping, Steady, SteadyState } from './steady.ts';
import type { FileRow } from './types.ts';

/** An evaluation, and what was true when it was made. */
interface Answer {
  readonly evaluation: Evaluation;
  /** null: not known. */
  readonly usageBytes: number | null;
  readonly atS: number;
}

/** Memory rose, and stands for too short a time to know whether it goes on. */
const isUndecided = ({ fields: { usage } }: Evaluation): boolean =>
  usage?.trend === 'settling' && usage.basis.statistics.rise !== undefined;

/** Slope of usage; 0 where it does not grow. */
const growthPerHour = ({ fields: { usage } }: Evaluation): number =>
  usage?.trend === 'growing' ? Math.max(0, usage.slopeBytesPerHour ?? 0) : 0;

const windowSeconds = ({ fields: { usage } }: Evaluation): number => usage?.windowSeconds ?? 0;

/** Whether it may pause between two bursts: it has done so before, for as long, and went on. */
const isPause = ({ trend, basis }: FieldTrend): boolean => trend !== 'growing' && basis.statistics.bursts !== undefined;

const causesOf = (causes: readonly CauseShare[]): string => causes.map(({ cause }) => cause).join();
const isUnknown = ({ trend }: Pick<Evaluation, 'trend'>): boolean => trend === 'not-enough-data';

/** Samples that come late on a busy machine may be too few for a moment. A window that began again is another run. */
const isLate = (published: Evaluation, now: Evaluation): boolean =>
  isUnknown(now) && !isUnknown(published) && windowSeconds(now) >= windowSeconds(published) / 2;

/** Whether all memory used pauses between two bursts, or the cache that alone was said to grow: the sum may be noisier than its part. */
const pauses = (published: Evaluation, { fields: { usage, file } }: Evaluation): boolean => {
  if (published.trend !== 'growing' || published.leak === true) return false;
  const isOfCache = published.causes.length > 0 && published.causes.every(({ cause }) => cause === 'page-cache');
  return (usage !== undefined && isPause(usage)) || (isOfCache && file !== undefined && isPause(file));
};

const growAlike = (a: Evaluation, b: Evaluation): boolean => a.trend === b.trend && causesOf(a.causes) === causesOf(b.causes);
const isSame = (a: Evaluation, b: Evaluation): boolean => a.leak === b.leak && growAlike(a, b);

/** Whether it was open whether memory grows, or by what, and is known now: that says more, and contradicts nothing. */
const isExplained = (published: Evaluation, now: Evaluation): boolean =>
  (published.trend === now.trend || (isUndecided(published) && now.trend === 'growing')) &&
  published.leak === now.leak &&
  published.causes.length === 0 &&
  now.causes.length > 0;

/** A rise by this share of the level at which memory was steady is not waited for. */
const MIN_RISE = 0.2;

/** Whether memory was steady and is not any more, and has risen far since. */
const hasRisen = (published: Answer, now: Answer): boolean =>
  published.evaluation.trend === 'stable' &&
  now.evaluation.trend !== 'stable' &&
  !isUnknown(now.evaluation) &&
  published.usageBytes !== null &&
  now.usageBytes !== null &&
  now.usageBytes >= (1 + MIN_RISE) * published.usageBytes;

/** Whether a leak was to end in an OOM kill by now, and did not, and is not found any more: a start that just fits the limit. */
const isRefuted = (published: Answer, now: Answer): boolean => {
  const kill = published.evaluation.etas.find(({ event }) => event === 'oom-kill');
  return (
    published.evaluation.leak === true &&
    now.evaluation.leak !== true &&
    kill !== undefined &&
    kill.high !== null &&
    now.atS > published.atS + kill.high
  );
};

/** The alarm has waited already before it reports a leak. */
const ANSWER: Keeping<Answer> = {
  same: (a, b) => isSame(a.evaluation, b.evaluation),
  atOnce: (published, now) =>
    now.evaluation.leak === true ||
    isUnknown(published.evaluation) ||
    isUnknown(now.evaluation) ||
    isExplained(published.evaluation, now.evaluation) ||
    hasRisen(published, now) ||
    isRefuted(published, now),
  isSilent: (published, now) => isLate(published.evaluation, now.evaluation) || pauses(published.evaluation, now.evaluation),
  // A file that was written at once looks like growth for some samples. A leak rests on several evaluations already.
  asLongAsFound: (published, now) =>
    now.evaluation.leak !== true && (isExplained(published.evaluation, now.evaluation) || hasRisen(published, now)),
};

/** Growth that is this many times as fast, and for another reason, is another event. */
const OTHER_EVENT_RATIO = 4;

/** Causes that are no part of all memory used: a heap fills pages that it has already, and cache that becomes active was cache before. */
const WITHIN_WHAT_IS_USED: ReadonlySet<Cause> = new Set(['heap', 'active-cache']);
/** The slope of a sum and those of its parts differ by an error, so that a part may seem to be a little faster. */
const MAX_SHARE = 1.25;

/** Whether a cause is faster than all memory used is now, so that it cannot be a part of that growth. Where usage does not grow, it is not known. */
const isFasterThan = (usage: FieldTrend | undefined, { cause, bytesPerHour }: CauseShare): boolean =>
  usage?.trend === 'growing' &&
  !WITHIN_WHAT_IS_USED.has(cause) &&
  bytesPerHour > MAX_SHARE * Math.max(usage.slopeBytesPerHour ?? 0, usage.high ?? 0);

const isFound = (share: CauseShare, among: readonly CauseShare[]): boolean => among.some(({ cause }) => cause === share.cause);

/** It has stood for this share of its window: what is held for longer than that is held because the window is short. */
const MIN_STAND_SHARE = 1 / 30;
const SHORT_WINDOW_S = 30 * MINUTE_S;

/**
 * Whether memory that was called a leak has stopped growing, as a cache does that is full: it rose and stands, or it slows down. The alarm has waited for
 * several evaluations. A heap leaks within pages that it has already, while all memory used stands.
 */
function hasStopped(published: Evaluation, { leak, fields: { usage } }: Evaluation): boolean {
  if (published.leak !== true || leak === true || usage === undefined || usage.trend === 'growing' || isPause(usage))
    return false;
  if (published.causes.some(({ cause }) => WITHIN_WHAT_IS_USED.has(cause))) return false;
  const { standsSeconds } = usage.basis.statistics;
  return standsSeconds === undefined
    ? usage.trend === 'settling' && usage.windowSeconds < SHORT_WINDOW_S
    : standsSeconds >= MIN_STAND_SHARE * usage.windowSeconds;
}

/**
 * Whether all that was published rests on a state that is over, so that nothing of it may be held beside what is measured now: the alarm
 * reports a leak where there was none, what leaked stands, memory grows many times as fast and from other causes, or it grows more slowly than a
 * cause that is not found any more.
 */
export function isOver(before: SteadyState, now: Evaluation): boolean {
  const published = (before.get('answer')?.value as Answer | undefined)?.evaluation;
  if (published === undefined || isSame(published, now)) return false;
  const { usage } = now.fields;
  return (
    // Where it was open whether the same growth leaks, all that was said of it is still true.
    (now.leak === true && published.leak !== true && !(published.leak === null && growAlike(published, now))) ||
    hasStopped(published, now) ||
    published.causes.some((share) => !isFound(share, now.causes) && isFasterThan(usage, share)) ||
    (published.trend === 'growing' &&
      growthPerHour(now) >= OTHER_EVENT_RATIO * growthPerHour(published) &&
      growthPerHour(published) > 0)
  );
}

/**
 * The evaluation whose trends and causes are published, each with the numbers of the newest evaluation that agrees. `usageBytes`: memory used
 * now; null: not known.
 */
export function steadyEvaluation(steady: Steady, now: Evaluation, usageBytes: number | null = null): Evaluation {
  const found: Answer = { evaluation: now, usageBytes, atS: steady.atS };
  const before = steady.before<Answer>('answer');
  const isNowExplained = before !== null && isExplained(before.evaluation, now);
  const rose = before !== null && hasRisen(before, found);
  const { evaluation: answer } = steady.keep('answer', found, ANSWER);
  const keepingOf = (id: FieldName): Keeping<FieldTrend> => ({
    same: (a, b) => a.trend === b.trend,
    // The fields of a cause that has just been found grow, and all memory used grows with what is published to grow.
    atOnce: (published, to) =>
      isUnknown(published) ||
      (id === 'usage' && answer.trend === 'growing' && to.trend === 'growing') ||
      isUnknown(to) ||
      (isNowExplained && to.trend === 'growing') ||
      (rose && published.trend === 'stable' && to.trend !== 'stable'),
    isSilent: (published, to) =>
      (isUnknown(now) && !isUnknown(answer) && !isUnknown(published)) ||
      (answer.trend === 'growing' && published.trend === 'growing' && isPause(to)),
    asLongAsFound: (published, to) => !isUnknown(published) && !isUnknown(to) && now.leak !== true,
  });
  const fields = entriesOf(now.fields).map(([id, trend]): [FieldName, FieldTrend] => [
    id,
    steady.keep(`trend of ${id}`, trend, keepingOf(id)),
  ]);
  return { ...answer, fields: Object.fromEntries(fields) };
}

/** Causes by the parts that grew, or by the trends of the fields where the parts are not known. */
interface Causes {
  readonly by: 'parts' | 'fields';
  readonly shares: readonly CauseShare[];
}

/**
 * Each cause with what it names. Parts that were measured replace what the fields let expect, and not the other way round. The answer has waited
 * already: causes that contradict it go at once.
 */
const causesBeside = ({ leak, fields }: Pick<Evaluation, 'leak' | 'fields'>): Keeping<Causes> => ({
  same: (a, b) => namesOf(a.shares) === namesOf(b.shares),
  isSilent: (published, now) =>
    published.by === now.by && namesOf(published.shares) !== namesOf(now.shares) && areAlike(published.shares, now.shares),
  atOnce: (published, now) =>
    !agrees(leak, published.shares) ||
    // A leak that is known leads.
    (leak === true && published.shares[0]!.reclaimable) ||
    published.shares.some((share) => newest(share, now.shares) === null && isFasterThan(fields.usage, share)) ||
    published.shares.length === 0 ||
    now.shares.length === 0 ||
    (published.by === 'fields' && now.by === 'parts') ||
    isOvertaken(published, now) ||
    namesMore(published.shares, now.shares),
});

/** Causes whose paces differ by less come in turns as noise has it. */
const MIN_RATIO_OF_ORDER = 1.25;

/** Whether the same causes are found, and those that changed places are about as fast as each other. */
function areAlike(published: readonly CauseShare[], now: readonly CauseShare[]): boolean {
  if (published.length !== now.length) return false;
  const renewed = published.map((share) => newest(share, now));
  return renewed.every((share, i) => {
    if (share === null || share.reclaimable !== now[i]!.reclaimable) return false;
    const [a, b] = [share.bytesPerHour, now[i]!.bytesPerHour];
    return Math.max(a, b) < MIN_RATIO_OF_ORDER * Math.min(a, b);
  });
}

/** So many times as fast as all that was published is a cause that has just begun, such as a tool that somebody starts. */
const MUCH_FASTER = 4;

/** Whether a part that was measured, and that the kernel cannot reclaim, grows much faster than all that is published. */
function isOvertaken(published: Causes, now: Causes): boolean {
  if (now.by !== 'parts') return false;
  const most = Math.max(...published.shares.map((share) => (newest(share, now.shares) ?? share).bytesPerHour));
  return now.shares.some(
    (share) => !share.reclaimable && newest(share, published.shares) === null && share.bytesPerHour >= MUCH_FASTER * most,
  );
}

const namesOf = (causes: readonly CauseShare[]): string => causes.map(({ cause, what }) => `${cause} ${what}`).join();

/** Whether the same causes come first, and now with a name. */
const namesMore = (published: readonly CauseShare[], now: readonly CauseShare[]): boolean =>
  published[0]!.cause === now[0]!.cause && published[0]!.what === null && now[0]!.what !== null;

/** The same cause with its newest numbers; null: it was not found this time. */
const newest = (share: CauseShare, now: readonly CauseShare[]): CauseShare | null =>
  now.find(({ cause, what }) => cause === share.cause && what === share.what) ?? null;

/** The causes in their published order. One that was not found this time keeps its last numbers, while all memory used grows as fast. */
export const steadyCauses = (
  steady: Steady,
  by: Causes['by'],
  now: Pick<Evaluation, 'leak' | 'causes' | 'fields'>,
): readonly CauseShare[] =>
  steady.keep('causes', { by, shares: now.causes }, causesBeside(now)).shares.map((share) => newest(share, now.causes) ?? share);

/** A log that is renamed and packed, or files that are read in bursts, are not in sight, or do not grow, in some scans. */
const OUT_OF_SIGHT_S = MINUTE_S;
/** A file that is written anew under another name, and renamed over the old one, is out of sight while the new one is written. */
const REPLACED_S = 12;

/** The files that are named for a cause, as they were at the last scan that met them. */
interface Named {
  readonly rows: readonly FileRow[];
  readonly seenS: number;
}

const pathsOf = ({ rows }: Named): string => rows.map(({ path }) => path).join('\0');

/** The files that are named, with their newest bytes. Files that go out of sight stay for a while, unless others explain the growth now. */
export function steadyFiles(steady: Steady, tracks: readonly FileTrack[], now: GrownFiles, atS: number): GrownFiles {
  const filesOf = (cause: FileCause): readonly FileRow[] => {
    const newest = ({ rows }: Named): readonly FileRow[] | null =>
      rowsNamed(
        tracks,
        cause,
        rows.map(({ path }) => path),
      );
    const published = steady.keep<Named>(
      `files of ${cause}`,
      { rows: now[cause], seenS: atS },
      {
        same: (a, b) => pathsOf(a) === pathsOf(b),
        // A log that is copied and emptied explains nothing for some scans, and no other file does.
        isSilent: (before, { rows }) =>
          rows.length === 0 && before.rows.length > 0 && atS >= before.seenS && atS - before.seenS <= OUT_OF_SIGHT_S,
        atOnce: (before, { rows }) =>
          before.rows.length === 0 ||
          (newest(before) === null &&
            (atS - before.seenS > (rows.length > 0 ? REPLACED_S : OUT_OF_SIGHT_S) || atS < before.seenS)),
      },
    );
    return pathsOf(published) === pathsOf({ rows: now[cause], seenS: atS }) ? now[cause] : (newest(published) ?? published.rows);
  };
  return { 'page-cache': filesOf('page-cache'), shmem: filesOf('shmem') };
}
