import type { Clock } from '../../runtime/clock.ts';

/** Every call of a reconcile has a time limit, so one that takes longer than this will never end. */
const STUCK_MS = 60_000;
const STUCK_PASSES = 3;

/** Whether each follower reconciles, and why nothing is published for one. Empty while this replica does not lead. */
export class ReconcileHealth {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #onProblem: () => void;
  readonly #lastPass = new Map<string, number>();
  readonly #problems = new Map<string, string>();

  /** `onProblem` is called when a problem comes, changes or goes. */
  constructor(clock: Pick<Clock, 'elapsed'>, onProblem: () => void) {
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** From now on the follower is expected to reconcile. */
  start(follower: string): void {
    this.#lastPass.set(follower, this.#clock.elapsed());
  }

  onReconciled(follower: string, problem = ''): void {
    this.start(follower);
    const before = this.problemOf(follower);
    if (problem === '') this.#problems.delete(follower);
    else this.#problems.set(follower, problem);
    if (problem !== before) this.#onProblem();
  }

  clear(): void {
    this.#lastPass.clear();
    this.#problems.clear();
  }

  get problems(): readonly string[] {
    return [...this.#problems.values()];
  }

  /** Empty when all is well. */
  problemOf(follower: string): string {
    return this.#problems.get(follower) ?? '';
  }

  /** Why only a restart helps; empty when the followers reconcile. */
  stuck(resyncMs: number): string {
    const [name, last] = [...this.#lastPass].sort(([, a], [, b]) => a - b)[0] ?? ['', this.#clock.elapsed()];
    const age = this.#clock.elapsed() - last;
    if (age < STUCK_PASSES * resyncMs + STUCK_MS) return '';
    return `follower ${name} has not ended a pass for ${Math.round(age / 1000)} s`;
  }
}
