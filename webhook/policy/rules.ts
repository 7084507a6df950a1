import type { MatchCondition } from '../match-conditions.ts';

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** The part of an admission policy that does not depend on the chart's values; all texts are CEL. */
export interface PolicyRules {
  readonly matchConditions: readonly MatchCondition[];
  /** Each may use those before it and the chart's. */
  readonly variables: readonly Variable[];
  /** A JSON Patch. */
  readonly mutation?: string;
  /** Evaluated after the mutation. */
  readonly validations?: readonly { readonly expression: string; readonly message: string }[];
  /** What happens when a validation is false. */
  readonly action?: 'Deny' | 'Warn';
}
