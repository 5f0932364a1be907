import type { Verdict } from '../../src/diagnosis/types.ts';
import type { Cause } from '../../src/trends/types.ts';
import { contradictionsIn, excessesIn } from '../../test/support/contradictions.ts';
import type { NameCase } from './name-cases.ts';

export interface NameResult {
  readonly name: string;
  /** The last verdict has the right cause, leak and name, and none contradicts itself. */
  readonly right: boolean;
  /** What verdicts say that cannot be true together. */
  readonly contradictions: readonly string[];
  readonly cause: Cause;
  readonly leak: boolean | null;
  readonly headline: string;
  /** Share of the growth that has a name, 0 to 1; null: the last verdict reports no growth, or the case has no cause. */
  readonly namedShare: number | null;
  /** From the first sample until the right thing was named for good; null: never. */
  readonly secondsUntilNamed: number | null;
  /** How often the headline came to name another thing after that, a minute. */
  readonly changesPerMinute: number | null;
}

interface TimedVerdict {
  readonly atS: number;
  readonly verdict: Verdict;
}

export function resultOf(one: NameCase, verdicts: readonly TimedVerdict[]): NameResult {
  const last = verdicts.at(-1)!;
  const isNamed = ({ verdict }: TimedVerdict): boolean => verdict.cause === one.cause && one.headline.test(verdict.headline);
  const first = verdicts.findIndex(isNamed);
  const after = first < 0 ? [] : verdicts.slice(first);
  const changes = after.filter((now, i) => i > 0 && shapeOf(now.verdict) !== shapeOf(after[i - 1]!.verdict)).length;
  const contradictions = verdicts.flatMap(({ verdict }) => [...contradictionsIn(verdict), ...excessesIn(verdict)]);
  const minutes = after.length < 2 ? 0 : (last.atS - after[0]!.atS) / 60;
  return {
    name: one.name,
    right: isNamed(last) && last.verdict.leak === one.leak && contradictions.length === 0,
    contradictions,
    cause: last.verdict.cause,
    leak: last.verdict.leak,
    headline: last.verdict.headline,
    namedShare: one.cause === 'none' ? null : namedShare(last.verdict),
    secondsUntilNamed: after[0]?.atS ?? null,
    changesPerMinute: minutes === 0 ? null : changes / minutes,
  };
}

/** What a headline names, without its figures: two headlines of one shape differ in numbers alone. */
const shapeOf = ({ headline, cause, trend }: Verdict): string =>
  `${trend} ${cause} ${headline.replace(/ a (?:second|minute|hour|day)\b/g, '').replace(/[\d.]+(?: to [\d.]+)? ?(?:[KMG]i?B|kB|bytes|seconds?|minutes?|hours?|days?)?/g, '#')}`;

/** Causes that name a kind of memory; of the others the thing must be named too. */
const NAMED_BY_WHAT: ReadonlySet<Cause> = new Set(['page-cache', 'shmem', 'native', 'process']);

function namedShare({ causes, fields }: Verdict): number | null {
  const usage = fields.usage?.trend === 'growing' ? fields.usage.slopeBytesPerHour : null;
  if (usage === null || usage <= 0) return null;
  const named = causes.filter(({ cause, what }) => !NAMED_BY_WHAT.has(cause) || what !== null);
  return Math.min(1, named.reduce((sum, { bytesPerHour }) => sum + bytesPerHour, 0) / usage);
}

const percent = (share: number | null): string => (share === null ? '-' : `${Math.round(100 * share)} %`);
const rounded = (value: number | null): string => (value === null ? '-' : String(Math.round(value * 10) / 10));

const HEAD = ['case', 'right thing named', 'of the growth', 'seconds until named', 'changes a minute'];

export function tableOf(results: readonly NameResult[]): string {
  const right = results.filter((result) => result.right).length;
  const rows = results.map((r) => [
    r.name,
    r.right ? 'yes' : `**no**: ${r.cause}, leak ${r.leak}`,
    percent(r.namedShare),
    rounded(r.secondsUntilNamed),
    rounded(r.changesPerMinute),
  ]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(HEAD), rule, ...rows.map(line), '', `${right} of ${results.length} cases name the right thing.`].join('\n');
}
