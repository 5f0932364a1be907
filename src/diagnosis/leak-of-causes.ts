import { sumPerHour } from '../trends/together/growth-causes.ts';
import type { CauseShare, EtaEvent, Evaluation } from '../trends/types.ts';

/*
 * The trends of the fields say whether it is a leak, the mappings say what grew, and each may be an answer that is still held. This is the one
 * place that lets both be published together. Pure.
 */

/** Growth that may end by itself is reported with at most this confidence: a collection may free it, or the JVM may have compiled its code. */
const BOUNDED_GROWTH_CONFIDENCE = 0.75;

const isUnreclaimable = (causes: readonly CauseShare[]): boolean => causes.some(({ reclaimable }) => !reclaimable);

/** If reclaimable causes have less than this share of the growth of all memory used, they do not say whether the rest leaks. */
export const MIN_EXPLAINED_SHARE = 0.5;

/** Whether causes that the kernel takes back are most of what all memory used grows by; true where it does not grow. */
function explainMost(causes: readonly CauseShare[], { usage }: Evaluation['fields']): boolean {
  if (usage?.trend !== 'growing' || causes.length === 0) return true;
  return sumPerHour(causes) >= MIN_EXPLAINED_SHARE * (usage.low ?? usage.slopeBytesPerHour ?? 0);
}

/** Whether this answer may stand beside these causes. */
export const agrees = (leak: Evaluation['leak'], causes: readonly CauseShare[]): boolean =>
  leak === null || leak === isUnreclaimable(causes);

/** Such as a heap of which nobody counts what a collection leaves: it may leak within the pages that it has already touched. */
export const withUnknownLeak = (evaluation: Evaluation): Evaluation => ({
  ...evaluation,
  leak: null,
  confidence: Math.min(evaluation.confidence, BOUNDED_GROWTH_CONFIDENCE),
});

/**
 * The evaluation with these causes. Where its answer contradicts them, as when mappings show a process that grows and the fields show no leak
 * yet, or where they are the smaller part of the growth, whether it leaks is not known; and of its times those stay that are ends of such
 * causes.
 */
export function withCauses(evaluation: Evaluation, causes: readonly CauseShare[]): Evaluation {
  const other: readonly EtaEvent[] = isUnreclaimable(causes) ? ['reclaim'] : ['oom-kill', 'heap-exhausted'];
  const etas = evaluation.etas.filter(({ event }) => !other.includes(event));
  const isAnswered = agrees(evaluation.leak, causes) && (evaluation.leak !== false || explainMost(causes, evaluation.fields));
  const answered = isAnswered ? evaluation : withUnknownLeak(evaluation);
  return { ...answered, causes, etas };
}

/**
 * Growth of which it is open whether it leaks is led by what the kernel takes back, if that is so many times as fast: by a little where a heap fills
 * or a JVM starts, which may be over in a moment, by much where it will be a leak if it goes on for some seconds more.
 */
const LEADING_RATIO = { ends: 1.5, goesOn: 4 };

/** Whether causes that the kernel takes back are to be told first: the others are smaller, and whether they leak is not known. null: not both are there. */
export function leadsOpenCauses({ leak, causes }: Evaluation, mayEnd: boolean): boolean | null {
  const open = causes.filter(({ reclaimable }) => !reclaimable);
  const first = causes.find(({ reclaimable }) => reclaimable)?.bytesPerHour ?? 0;
  if (open.length === 0 || first <= 0) return null;
  const ratio = mayEnd || open.some(({ cause }) => cause === 'heap') ? LEADING_RATIO.ends : LEADING_RATIO.goesOn;
  return leak === null && first >= ratio * sumPerHour(open);
}

/** The evaluation with the causes that the kernel takes back before those that are open. */
export const withOpenCausesLast = (evaluation: Evaluation): Evaluation => ({
  ...evaluation,
  causes: [...evaluation.causes].sort((a, b) => Number(b.reclaimable) - Number(a.reclaimable)),
});
