import type { Series } from '../history/series.ts';
import type { JvmReading } from '../sources/types.ts';
import type { Cause, Eta, Evaluation, FieldTrend } from '../trends/types.ts';
import type { FileRow, Finding, TargetInfo } from './types.ts';

/** All that a rule may look at: values only, so that the same scene gives the same findings anywhere. */
export interface RuleContext {
  readonly atMs: number;
  readonly target: TargetInfo;
  readonly evaluation: Evaluation;
  readonly series: Series;
  readonly files: readonly FileRow[];
  readonly jvm: JvmReading | null;
  /** What the downward API told, where it was asked; null: not known. */
  readonly pod: PodResources;
  /** The container is gone: this is its last word. null: it lives. */
  readonly ended: { readonly atMs: number; readonly oomKilled: boolean } | null;
}

export interface PodResources {
  readonly memoryRequestBytes: number | null;
  readonly ephemeralStorageLimitBytes: number | null;
}

/** What a rule has to say. `headline` is used when `cause` leads the verdict. */
export interface RuleResult {
  readonly finding: Finding;
  readonly cause: Cause | null;
  readonly headline: string | null;
  readonly etas: readonly Eta[];
}

/** One question about a scene; null: it does not apply. */
export type Rule = (context: RuleContext) => RuleResult | null;

/** An answer that is a finding and no more. */
export const findingOnly = (finding: Finding): RuleResult => ({ finding, cause: null, headline: null, etas: [] });

/** The newest value of a field in bytes (or its unit), null where it is a gap or not there. */
export function newestValue(context: RuleContext, field: string): number | null {
  const column = context.series.fields.get(field);
  if (!column) return null;
  // The newest tick may lack a field that a sick source left out; look back a little, not for ever.
  for (let i = column.length - 1; i >= Math.max(0, column.length - 5); i--) if (Number.isFinite(column[i])) return column[i]!;
  return null;
}

export const trendOf = (context: RuleContext, field: string): FieldTrend | null => context.evaluation.fields[field] ?? null;

/** Slope of a field in bytes an hour if it grows, else 0. */
export function growthOf(context: RuleContext, field: string): number {
  const trend = trendOf(context, field);
  return trend?.trend === 'growing' ? (trend.slopeBytesPerHour ?? 0) : 0;
}

const SUSPECT_NAMES: readonly (readonly [string, string])[] = [
  ['heap_used', 'heap'],
  ['threads', 'threads'],
  ['metaspace', 'metaspace'],
  ['working_set', 'working set'],
];

/** Names of the fields, of those that people suspect first, that are known not to grow. */
export function flatFieldNames(context: RuleContext, among: readonly string[]): string[] {
  return SUSPECT_NAMES.filter(
    ([id]) => among.includes(id) && ['stable', 'cyclic', 'shrinking'].includes(trendOf(context, id)?.trend ?? ''),
  ).map(([, name]) => name);
}

export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "all of it", "82 % of it": how much of `whole` a part's slope is. */
export function shareText(part: number, whole: number): string {
  const share = whole > 0 ? part / whole : 1;
  return share >= 0.93 ? 'all of it' : `${Math.round(share * 100)} % of it`;
}

/** What happens at the limit for memory that cannot be taken back: the earliest of its ends, in words; null without one. */
export function etaOf(context: RuleContext, event: Eta['event']): Eta | null {
  return context.evaluation.etas.find((e) => e.event === event) ?? null;
}
