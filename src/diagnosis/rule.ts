import type { Cause, CauseShare, Eta } from '../trends/types.ts';
import type { RuleContext } from './rule-context.ts';
import type { Sentence } from './sentence.ts';
import type { Finding, FindingLimit } from './types.ts';

/** The result of a rule. `etas` are times that only this rule knows. */
export interface Found {
  readonly severity: Finding['severity'];
  readonly title: Sentence;
  /** The outcome in a few words; absent if the title already says it. */
  readonly outcome?: string;
  readonly evidence: Finding['evidence'];
  readonly advice: string;
  readonly etas?: readonly Eta[];
}

/** Explains one cause of growth. The verdict's headline is that of its first cause; the limit is that of the cause. */
export interface CauseRule {
  readonly id: string;
  readonly cause: Cause;
  readonly explain: (context: RuleContext, share: CauseShare) => Found & { readonly headline: Sentence };
}

export type ConditionFound = Found & { readonly limit: FindingLimit | null; readonly lead?: Sentence };

/** Checks one condition; null: it does not hold. */
export interface ConditionRule {
  readonly id: string;
  /** `limit`: what the condition compares; null: it compares nothing with a limit. `lead`: begins the headline if no cause of growth does. */
  readonly find: (context: RuleContext) => ConditionFound | null;
}

export type Rule = CauseRule | ConditionRule;
