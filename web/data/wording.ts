import type { Finding, Verdict } from '../../src/diagnosis/types.ts';
import { fixedWidthBytesText, intervalText, rateText } from '../../src/format.ts';
import type { Limit } from '../../src/sources/types.ts';
import type { Eta } from '../../src/trends/types.ts';
import { instantText } from './time-format.ts';

export { bytesText as level, durationText as duration, fixedWidthBytesText as steadyLevel, safeName } from '../../src/format.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'none';

/** What a finding of the highest degree means in a word or two. */
const CRITICAL_RULES: Readonly<Record<string, string>> = {
  'disk-filling': 'ends in a full disk and eviction',
  'oom-killed': 'was OOM-killed',
  'near-limit': 'close to an OOM kill',
};

/** What kills the process itself, the earlier first. */
const fatalEvent = (v: Verdict): Eta['event'] | undefined =>
  v.etas.find((e) => e.event === 'oom-kill' || e.event === 'heap-exhausted')?.event;

const limitOf = (v: Verdict): Limit => ('limitBytes' in v.target ? v.target.limitBytes : null);

/** How dangerous: the headline's colour, and a sign and a word beside it, since colour alone says nothing to many. */
export function severityOf(v: Verdict): { readonly tone: Tone; readonly sign: string; readonly word: string } {
  const end = fatalEvent(v);
  if (v.leak === true && end !== undefined)
    return { tone: 'bad', sign: '■', word: end === 'heap-exhausted' ? 'ends in OutOfMemoryError' : 'ends in an OOM kill' };
  const critical = v.findings.find((f) => f.severity === 'critical');
  if (critical !== undefined) return { tone: 'bad', sign: '■', word: CRITICAL_RULES[critical.rule] ?? 'needs a look now' };
  if (v.etas.some((e) => e.event === 'disk-full')) return { tone: 'warn', sign: '▲', word: 'ends in a full disk and eviction' };
  if (v.trend === 'not-enough-data') return { tone: 'none', sign: '○', word: 'too early to tell' };
  if (v.trend === 'settling') return { tone: 'none', sign: '○', word: 'wait and see' };
  if (v.trend === 'growing') return { tone: 'warn', sign: '▲', word: growthOutcome(v) };
  return { tone: 'good', sign: '●', word: 'nothing to do' };
}

/** What growth comes to where nothing leads to a kill. */
function growthOutcome(v: Verdict): string {
  if (v.leak === null) return 'cannot be told yet whether it hurts';
  if (!v.leak) return 'harmless to this container';
  return limitOf(v) === 'max' ? 'can end in eviction, when the node runs short' : 'not reclaimable';
}

const ETA_TEXTS: Readonly<Record<Eta['event'], (span: string) => string>> = {
  'heap-exhausted': (span) => `OutOfMemoryError in ${span}`,
  'oom-kill': (span) => `OOM kill in ${span}`,
  'disk-full': (span) => `disk full in ${span}`,
  reclaim: (span) => `limit in ${span}: reclaim, no OOM kill`,
};

export function stateLine(v: Verdict): string {
  const parts = [v.trend.replace(/-/g, ' '), ...(v.cause === 'none' ? [] : [v.cause.replace('-', ' ')])];
  if (v.trend !== 'not-enough-data') parts.push(confidenceText(v));
  for (const e of v.etas) parts.push(ETA_TEXTS[e.event](intervalText(e.low, e.high)));
  const missingEta = v.trend === 'growing' ? missingEtaText(v) : null;
  if (missingEta !== null) parts.push(missingEta);
  return parts.join(' · ');
}

/** Why there is no time to the limit. */
function missingEtaText(v: Verdict): string | null {
  if (fatalEvent(v) !== undefined || v.etas.some((e) => e.event === 'reclaim')) return null;
  const limit = limitOf(v);
  if (limit === 'max') return 'no limit is set';
  if (v.leak !== true) return null;
  return limit === null ? 'the limit is not known' : 'when it meets the limit cannot be told yet';
}

/** Where it is not told whether it leaks, the confidence is that of the trend alone. */
function confidenceText(v: Verdict): string {
  const shown = Math.round(v.confidence * 100) / 100;
  const confidenceWord = shown >= 0.9 ? 'sure' : shown >= 0.7 ? 'fairly sure' : 'unsure';
  return `${confidenceWord}${v.leak === null && v.trend === 'growing' ? ' that it grows' : ''} (${v.confidence.toFixed(2)})`;
}

/** Instants in a sentence of the API's, in the viewer's zone. */
export const inLocalTime = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) => instantText(Date.parse(iso) / 1000));

/**
 * What to do, a paragraph each: for what the headline tells (the API puts that finding first), then for whatever is critical besides. Where
 * the headline names no cause, what it is about goes before.
 */
export function adviceTexts(v: Verdict): string[] {
  const titled = (f: Finding): string => `${inLocalTime(f.title)}. ${f.advice}`;
  const [first, ...rest] = v.findings;
  if (first === undefined) return [];
  const critical = rest.filter((f) => f.severity === 'critical').map(titled);
  // Advice that calms belongs only where nothing leaks for sure.
  const urgent = first.severity !== 'info' || (v.trend === 'growing' && v.leak === false);
  return urgent ? [v.cause === 'none' ? titled(first) : first.advice, ...critical] : critical;
}

export function asText(v: Verdict, where: string): string {
  const findings = v.findings.map((f) => `- [${f.severity}] ${f.title}\n  ${f.advice}`);
  return [`${v.headline}`, `(${severityOf(v).word} · ${stateLine(v)}; ${v.at}; ${where})`, ...findings].join('\n');
}

/** A number and its unit stand in one line. */
export const noBreakUnits = (text: string): string => text.replace(/(\d) (?=(?:[KMG]i|[kMG])B\b)/g, '$1\u00a0');

export const slopeText = (bytesPerHour: number | null): string =>
  bytesPerHour === null ? '' : `${bytesPerHour >= 0 ? '+' : '−'}${rateText(Math.abs(bytesPerHour))}`;

/**
 * 12345.5 as "12,345.5". By hand: the first formatter of Intl that a page asks for costs its browser some 50 ms.
 */
export function groupDigits(value: number): string {
  const [whole = '', fraction] = String(Math.round(value * 1000) / 1000).split('.');
  return [whole.replace(/\B(?=(?:\d{3})+$)/g, ','), ...(fraction === undefined ? [] : [fraction])].join('.');
}

/** Every digit, to rest on; nothing where nothing is known. */
export const exactBytesText = (bytes: number | null): string => (bytes === null ? '' : `${groupDigits(bytes)} bytes`);

export const valueText = (value: number, unit: 'bytes' | 'count' | 'seconds'): string =>
  unit === 'bytes' ? fixedWidthBytesText(value) : unit === 'seconds' ? `${value.toFixed(1)} s` : groupDigits(value);

/** An age in a few letters, for columns: "1 s", "96 s", "12 min", "5 h". */
export function ageText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
