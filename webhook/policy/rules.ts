import type { MatchCondition } from '../match-conditions.ts';

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** The part of an admission policy that is the same in every release; each text is an expression. */
export interface PolicyRules {
  readonly matchConditions: readonly MatchCondition[];
  /** Each may use those before it, and what the chart gives. */
  readonly variables: readonly Variable[];
  /** A JSON Patch. */
  readonly mutation?: string;
  /** What holds after it, or else the message is told. */
  readonly validations?: readonly { readonly expression: string; readonly message: string }[];
  /** Whether the request is refused then. */
  readonly action?: 'Deny' | 'Warn';
}
