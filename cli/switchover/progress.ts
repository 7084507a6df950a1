import type { Terminal } from '../terminal.ts';
import { columnsOf } from '../terminal.ts';
import { fit, print } from '../text/line.ts';
import type { Reached } from './follow.ts';
import { renderReached, renderWaiting } from './render.ts';

const CLEAR_LINE = '\r\u001b[K';
const TICK_MS = 1_000;

/** A line for each milestone when it is reached; below them, on a terminal, what it waits for. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #wanted: boolean;
  readonly #shown = new Set<string>();
  #last: readonly Reached[] = [];
  #began = 0;
  #cancel: () => void = () => undefined;

  constructor(terminal: Terminal, wanted: boolean) {
    this.#terminal = terminal;
    this.#wanted = wanted;
  }

  /** The patch was sent. */
  begin(): void {
    this.#began = this.#terminal.clock.elapsed();
    this.#tick();
  }

  show(milestones: readonly Reached[]): void {
    if (!this.#wanted) return;
    this.#last = milestones;
    const reached = milestones.filter(({ name, ms }) => ms !== undefined && !this.#shown.has(name));
    for (const milestone of reached.toSorted((one, other) => (one.ms ?? 0) - (other.ms ?? 0))) {
      this.#shown.add(milestone.name);
      this.#clear();
      this.#terminal.out(print([renderReached(milestone)], this.#terminal.colour));
    }
    this.#wait();
  }

  end(): void {
    this.#cancel();
    this.#clear();
  }

  #tick(): void {
    this.#wait();
    this.#cancel = this.#terminal.clock.after(TICK_MS, () => this.#tick());
  }

  #wait(): void {
    if (!this.#isLive() || this.#last.every(({ ms }) => ms !== undefined)) return;
    const line = renderWaiting(this.#last, this.#terminal.clock.elapsed() - this.#began);
    const text = print([fit(line, columnsOf(this.#terminal) - 1)], this.#terminal.colour).trimEnd();
    this.#terminal.out(`${CLEAR_LINE}${text}`);
  }

  #clear(): void {
    if (this.#isLive()) this.#terminal.out(CLEAR_LINE);
  }

  #isLive(): boolean {
    return this.#wanted && this.#terminal.size() !== undefined;
  }
}
