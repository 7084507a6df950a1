/** docs/cli.md is generated from this table. */
export const EXIT_CODES = {
  done: {
    code: 0,
    meaning: 'Success; for `check`: no problems found; checks for which a permission is missing are told.',
  },
  refused: {
    code: 1,
    meaning:
      'Negative result: `check` found a problem, `switchover` or `promote` was refused or cancelled, a manifest cannot be injected, `explain` was asked about a pod that is not as it should be.',
  },
  usage: { code: 2, meaning: 'Usage error.' },
  unreachable: {
    code: 3,
    meaning:
      'The cluster did not answer, in `check` also a part of the checks, did not permit it, or the requested object does not exist.',
  },
  unfinished: {
    code: 4,
    meaning:
      '`switchover` or `promote` was in progress and not everything had followed in time, or DNS cannot follow until something is changed by hand.',
  },
  interrupted: { code: 130, meaning: 'Ended by Ctrl-C.' },
} as const;

export type Outcome = keyof typeof EXIT_CODES;

/** Ends a command; the user reads `message`, which may have several lines. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.outcome = outcome;
  }
}
