import type { Cause, CauseShare, Eta } from '../trends/types.ts';
import type { RuleContext } from './rule-context.ts';
import type { Sentence } from './sentence.ts';
import type { Finding } from './types.ts';

/** What a rule found. `etas` are times that only this rule knows. */
export interface Found {
  readonly severity: Finding['severity'];
  readonly title: Sentence;
  /** What it comes to, in a few words; left out where the title says all. */
  readonly outcome?: string;
  readonly evidence: Finding['evidence'];
  readonly advice: string;
  readonly etas?: readonly Eta[];
}

/** Explains one cause of growth. The verdict's headline is that of its first cause. */
export interface CauseRule {
  readonly id: string;
  readonly cause: Cause;
  readonly explain: (context: RuleContext, share: CauseShare) => Found & { readonly headline: Sentence };
}

/** Looks for one condition; null where it does not hold. */
export interface ConditionRule {
  readonly id: string;
  /** `lead`: begins the headline while no cause of growth does. */
  readonly find: (context: RuleContext) => (Found & { readonly lead?: Sentence }) | null;
}

export type Rule = CauseRule | ConditionRule;
