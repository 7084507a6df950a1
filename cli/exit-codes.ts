/** What a script learns without reading a word. docs/cli.md is generated from this table. */
export const EXIT_CODES = {
  done: { code: 0, meaning: 'Done; for `check`: nothing was found.' },
  refused: {
    code: 1,
    meaning:
      'The answer is no: `check` found a problem, `switchover` was refused or called off, a manifest cannot be injected, `explain` looked at a pod that is not as it asks to be.',
  },
  usage: { code: 2, meaning: 'The command was wrong.' },
  unreachable: {
    code: 3,
    meaning: 'The cluster gave no answer, did not permit it, or what was asked for does not exist.',
  },
  unfinished: {
    code: 4,
    meaning:
      '`switchover` was under way and not everything had followed in time, or DNS cannot follow until somebody changes something.',
  },
  interrupted: { code: 130, meaning: 'Ended by Ctrl-C.' },
} as const;

export type Outcome = keyof typeof EXIT_CODES;

/** Ends a command with a word to the person; `message` may have several lines. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.outcome = outcome;
  }
}
