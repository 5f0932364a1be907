import type { Verdict } from '../src/diagnosis/types.ts';
import { level, rate, span } from '../src/format.ts';

export { duration, level, safeName } from '../src/format.ts';

/** How dangerous: what the colour of the headline says, and a word beside it, since colour alone says nothing to many. */
export function danger(v: Verdict): { readonly tone: 'good' | 'warn' | 'bad' | 'none'; readonly word: string } {
  const event = v.leak === true ? v.etas.find((e) => e.event === 'oom-kill' || e.event === 'heap-exhausted')?.event : undefined;
  if (v.leak === true)
    return { tone: 'bad', word: event === 'heap-exhausted' ? 'ends in OutOfMemoryError' : 'ends in an OOM kill' };
  if (v.findings.some((f) => f.severity === 'critical')) return { tone: 'bad', word: 'needs a look now' };
  if (v.etas.some((e) => e.event === 'disk-full')) return { tone: 'warn', word: 'ends in a full disk and eviction' };
  if (v.trend === 'not-enough-data') return { tone: 'none', word: 'too early to tell' };
  if (v.trend === 'growing')
    return { tone: 'warn', word: v.leak === null ? 'cannot be told yet whether it hurts' : 'harmless to this container' };
  return { tone: 'good', word: 'nothing to do' };
}

const EVENTS = {
  'heap-exhausted': 'OutOfMemoryError',
  'oom-kill': 'OOM kill',
  'disk-full': 'disk full',
  reclaim: 'limit reached: mere reclaim',
} as const;

export function stateLine(v: Verdict): string {
  const sure = v.confidence >= 0.9 ? 'sure' : v.confidence >= 0.7 ? 'fairly sure' : 'unsure';
  const parts = [
    v.trend.replace(/-/g, ' '),
    ...(v.cause === 'none' ? [] : [v.cause.replace('-', ' ')]),
    danger(v).word,
    `${sure} (${v.confidence.toFixed(2)})`,
  ];
  for (const e of v.etas) parts.push(`${EVENTS[e.event]} in ${span(e.low, e.high)}`);
  return parts.join(' · ');
}

export function asText(v: Verdict, where: string): string {
  const findings = v.findings.map((f) => `- [${f.severity}] ${f.title}\n  ${f.advice}`);
  return [`${v.headline}`, `(${stateLine(v)}; ${v.at}; ${where})`, ...findings].join('\n');
}

export const slope = (bytesPerHour: number | null): string =>
  bytesPerHour === null ? '' : `${bytesPerHour >= 0 ? '+' : '−'}${rate(Math.abs(bytesPerHour))}`;

export const exact = (bytes: number): string => `${bytes.toLocaleString('en')} bytes`;

export const amount = (value: number, unit: 'bytes' | 'count' | 'seconds'): string =>
  unit === 'bytes' ? level(value) : unit === 'seconds' ? `${value.toFixed(1)} s` : value.toLocaleString('en');
