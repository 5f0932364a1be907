import { dueText } from '../format.ts';
import type { Eta } from '../trends/types.ts';
import type { Verdict } from './types.ts';

const ETA_TEXTS: Readonly<Record<Eta['event'], (due: string) => string>> = {
  'heap-exhausted': (due) => `OutOfMemoryError ${due}`,
  'oom-kill': (due) => `OOM kill ${due}`,
  'disk-full': (due) => `disk full ${due}`,
  reclaim: (due) => `limit ${due}: reclaim, no OOM kill`,
};

/** The line under the headline, on the page and in the terminal: "growing · page cache · no leak · sure (confidence 0.97) · disk full in 12 days" */
export function stateLine(v: Verdict): string {
  const parts = [withoutHyphens(v.trend)];
  if (v.cause !== 'none') parts.push(withoutHyphens(v.cause));
  if (v.trend !== 'not-enough-data') parts.push(leakText(v.leak), confidenceText(v));
  for (const { event, low, high } of v.etas) parts.push(etaPart(event, dueText(low, high), v));
  const missingEta = missingEtaText(v);
  if (missingEta !== null) parts.push(missingEta);
  return parts.join(' · ');
}

/** Cache that is not written to disk yet may be reclaimed too late. */
const etaPart = (event: Eta['event'], due: string, { findings }: Verdict): string =>
  event === 'reclaim' && findings.some(({ rule }) => rule === 'unwritten-cache')
    ? `limit ${due}: reclaim, once it is written`
    : ETA_TEXTS[event](due);

const withoutHyphens = (id: string): string => id.replaceAll('-', ' ');

function leakText(leak: boolean | null): string {
  if (leak === null) return 'not known yet whether it is a leak';
  return leak ? 'leak' : 'no leak';
}

/** If it is not known whether it leaks, the confidence is that of the growth. */
function confidenceText({ confidence, leak, trend }: Verdict): string {
  const rounded = Math.round(confidence * 100) / 100;
  const word = rounded >= 0.9 ? 'sure' : rounded >= 0.7 ? 'fairly sure' : 'unsure';
  const growthOnly = leak === null && trend === 'growing' ? ' that it grows' : '';
  return `${word}${growthOnly} (confidence ${confidence.toFixed(2)})`;
}

/** The reason why growth has no time to the limit; null: it has one, or needs none. */
function missingEtaText({ trend, leak, etas, target }: Verdict): string | null {
  if (trend !== 'growing' || etas.some(({ event }) => event !== 'disk-full')) return null;
  const limit = 'limitBytes' in target ? target.limitBytes : null;
  if (limit === 'max') return 'no limit is set';
  if (leak !== true) return null;
  return limit === null ? 'the limit is not known' : 'the time to the limit is not known yet';
}
