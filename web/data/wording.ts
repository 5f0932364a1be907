import type { Sentence, SentencePart } from '../../src/diagnosis/sentence.ts';
import { stateLine } from '../../src/diagnosis/state-line.ts';
import type { Finding, Verdict } from '../../src/diagnosis/types.ts';
import { fixedWidthBytesText, rateText, safeName } from '../../src/format.ts';
import type { Limit } from '../../src/sources/types.ts';
import type { Eta } from '../../src/trends/types.ts';
import { HOUR_S, MINUTE_S, SECOND_MS } from '../../src/units.ts';
import { instantText } from './time-format.ts';

export { bytesText as level, durationText as duration, fixedWidthBytesText as steadyLevel, safeName } from '../../src/format.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'none';

/** Events that kill the process, the earliest first. */
const fatalEvent = (v: Verdict): Eta['event'] | undefined =>
  v.etas.find((e) => e.event === 'oom-kill' || e.event === 'heap-exhausted')?.event;

const limitOf = (v: Verdict): Limit => ('limitBytes' in v.target ? v.target.limitBytes : null);

/** The danger: the headline's colour, with a sign and a word, because not all readers can distinguish the colours. */
export function severityOf(v: Verdict): { readonly tone: Tone; readonly sign: string; readonly word: string } {
  const end = fatalEvent(v);
  if (v.leak === true && end !== undefined)
    return { tone: 'bad', sign: '■', word: end === 'heap-exhausted' ? 'ends in OutOfMemoryError' : 'ends in an OOM kill' };
  const critical = v.findings.find((f) => f.severity === 'critical');
  if (critical !== undefined) return { tone: 'bad', sign: '■', word: critical.outcome ?? 'needs attention now' };
  if (v.etas.some((e) => e.event === 'disk-full')) return { tone: 'warn', sign: '▲', word: 'ends in a full disk and eviction' };
  if (v.trend === 'not-enough-data') return { tone: 'none', sign: '○', word: 'too early to tell' };
  if (v.trend === 'settling') return { tone: 'none', sign: '○', word: 'wait and see' };
  if (v.trend === 'growing') return { tone: 'warn', sign: '▲', word: growthOutcome(v) };
  return { tone: 'good', sign: '●', word: 'nothing to do' };
}

/** The result of growth that does not lead to a kill. */
function growthOutcome(v: Verdict): string {
  if (v.leak === null) return 'not known yet whether it hurts';
  if (!v.leak) return 'harmless to this container';
  return limitOf(v) === 'max' ? 'can end in eviction, when the node runs short' : 'not reclaimable';
}

/** A sentence of the API as text in the viewer's time zone. A file's name is never changed, even if it contains a time. */
export const localText = (parts: Sentence): string => parts.map(partText).join('');

export function partText(part: SentencePart): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'file':
      return safeName(part.path);
    case 'time':
      return instantText(Date.parse(part.at) / SECOND_MS);
    default:
      return part satisfies never;
  }
}

/**
 * The advice, one paragraph a finding: first the finding of the headline (the API puts it first), then every other critical finding. If the
 * headline names no cause, the finding's title is put before its advice.
 */
export function adviceTexts(v: Verdict): string[] {
  const titled = (f: Finding): string => `${localText(f.titleParts)}. ${f.advice}`;
  const [first, ...rest] = v.findings;
  if (first === undefined) return [];
  const critical = rest.filter((f) => f.severity === 'critical').map(titled);
  // Reassuring advice is shown only if it is certain that nothing leaks.
  const urgent = first.severity !== 'info' || (v.trend === 'growing' && v.leak === false);
  return urgent ? [v.cause === 'none' ? titled(first) : first.advice, ...critical] : critical;
}

export function asText(v: Verdict, where: string): string {
  const findings = v.findings.map((f) => `- [${f.severity}] ${f.title}\n  ${f.advice}`);
  return [`${v.headline}`, `(${severityOf(v).word} · ${stateLine(v)}; ${v.at}; ${where})`, ...findings].join('\n');
}

/** Keeps a number and its unit on one line. */
export const noBreakUnits = (text: string): string => text.replace(/(\d) (?=(?:[KMG]i|[kMG])B\b)/g, '$1\u00a0');

export const slopeText = (bytesPerHour: number | null): string =>
  bytesPerHour === null ? '' : `${bytesPerHour >= 0 ? '+' : '−'}${rateText(Math.abs(bytesPerHour))}`;

/**
 * 12345.5 as "12,345.5". It does not use Intl, because the first formatter of a page costs the browser about 50 ms.
 */
export function groupDigits(value: number): string {
  const [whole = '', fraction] = String(Math.round(value * 1000) / 1000).split('.');
  return [whole.replace(/\B(?=(?:\d{3})+$)/g, ','), ...(fraction === undefined ? [] : [fraction])].join('.');
}

/** All digits, for tooltips; empty if the value is unknown. */
export const exactBytesText = (bytes: number | null): string => (bytes === null ? '' : `${groupDigits(bytes)} bytes`);

export const valueText = (value: number, unit: 'bytes' | 'count' | 'seconds'): string =>
  unit === 'bytes' ? fixedWidthBytesText(value) : unit === 'seconds' ? `${value.toFixed(1)} s` : groupDigits(value);

/** A short age for columns: "1 s", "96 s", "12 min", "5 h". */
export function ageText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / SECOND_MS));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 2 * HOUR_S ? `${Math.round(seconds / MINUTE_S)} min` : `${Math.round(seconds / HOUR_S)} h`;
}
