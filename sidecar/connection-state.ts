import type { Log } from './log.ts';

/** Whether the API server can be watched; reports each change once, not each attempt. */
export class ConnectionState {
  readonly #log: Log;
  #failures = 0;
  /** Undefined while the watch stands. */
  #problem: string | undefined = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** What was shown last is still so. */
  get isUp(): boolean {
    return this.#problem === undefined;
  }

  /** A try has failed: the mounted copy counts by itself. */
  get isDown(): boolean {
    return !!this.#problem;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Undefined: the watch stands. */
  note(problem: string | undefined): void {
    if (problem !== undefined) this.#failures += 1;
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem === undefined) this.#log('info', 'watching');
    else this.#log('warn', 'the API server cannot be watched, retrying', { problem });
  }
}
