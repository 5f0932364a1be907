import type { Verdict } from '../src/diagnosis/types.ts';
import { level, rate, span } from '../src/format.ts';

export { duration, level, safeName } from '../src/format.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'none';

/** How dangerous: the headline's colour, and a sign and a word beside it, since colour alone says nothing to many. */
export function danger(v: Verdict): { readonly tone: Tone; readonly sign: string; readonly word: string } {
  const end = v.etas.find((e) => e.event === 'oom-kill' || e.event === 'heap-exhausted')?.event;
  if (v.leak === true)
    return { tone: 'bad', sign: '■', word: end === 'heap-exhausted' ? 'ends in OutOfMemoryError' : 'ends in an OOM kill' };
  if (v.findings.some((f) => f.severity === 'critical')) return { tone: 'bad', sign: '■', word: 'needs a look now' };
  if (v.etas.some((e) => e.event === 'disk-full')) return { tone: 'warn', sign: '▲', word: 'ends in a full disk and eviction' };
  if (v.trend === 'not-enough-data') return { tone: 'none', sign: '○', word: 'too early to tell' };
  if (v.trend === 'settling') return { tone: 'none', sign: '○', word: 'wait and see' };
  if (v.trend === 'growing')
    return {
      tone: 'warn',
      sign: '▲',
      word: v.leak === null ? 'cannot be told yet whether it hurts' : 'harmless to this container',
    };
  return { tone: 'good', sign: '●', word: 'nothing to do' };
}

const EVENTS = {
  'heap-exhausted': 'OutOfMemoryError',
  'oom-kill': 'OOM kill',
  'disk-full': 'disk full',
  reclaim: 'limit reached: mere reclaim',
} as const;

export function stateLine(v: Verdict): string {
  const shown = Math.round(v.confidence * 100) / 100;
  const sure = shown >= 0.9 ? 'sure' : shown >= 0.7 ? 'fairly sure' : 'unsure';
  const parts = [v.trend.replace(/-/g, ' '), ...(v.cause === 'none' ? [] : [v.cause.replace('-', ' ')])];
  if (v.trend !== 'not-enough-data') parts.push(`${sure} (${v.confidence.toFixed(2)})`);
  for (const e of v.etas) parts.push(`${EVENTS[e.event]} in ${span(e.low, e.high)}`);
  return parts.join(' · ');
}

export function asText(v: Verdict, where: string): string {
  const findings = v.findings.map((f) => `- [${f.severity}] ${f.title}\n  ${f.advice}`);
  return [`${v.headline}`, `(${danger(v).word} · ${stateLine(v)}; ${v.at}; ${where})`, ...findings].join('\n');
}

export const slope = (bytesPerHour: number | null): string =>
  bytesPerHour === null ? '' : `${bytesPerHour >= 0 ? '+' : '−'}${rate(Math.abs(bytesPerHour))}`;

export const exact = (bytes: number): string => `${bytes.toLocaleString('en')} bytes`;

export const amount = (value: number, unit: 'bytes' | 'count' | 'seconds'): string =>
  unit === 'bytes' ? level(value) : unit === 'seconds' ? `${value.toFixed(1)} s` : value.toLocaleString('en');
