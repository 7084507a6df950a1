import type { Clock } from '../runtime/clock.ts';
import { type View, type ViewOptions, viewOf } from './answer.ts';
import type { Log } from './log.ts';
import {
  applyReading,
  INITIAL_STATE,
  REPLACE_AFTER_MS,
  type Reading,
  type ReadingOutcome,
  type SidecarState,
  type Source,
} from './state.ts';

export interface MonitorOptions extends ViewOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Given the answer as JSON, at first and after each change. */
  readonly publish: (answer: string) => void;
}

const MEANING: Partial<Record<ReadingOutcome, string>> = {
  replaced: 'a lower epoch that stays: followed',
  older: 'an epoch that is over',
  conflict: 'another site in the same epoch',
  outlived: 'an epoch of a lost ConfigMap',
  malformed: 'a key is missing or wrong',
};

/** Keeps the state as the sources show it, and notifies when the answer changes, also by time alone. */
export class Monitor {
  /** How many readings there were, by source and verdict. */
  readonly counts = new Map<`${Source} ${ReadingOutcome}`, number>();
  readonly #options: MonitorOptions;
  readonly #lastVerdict = new Map<Source, ReadingOutcome>();
  #state: SidecarState = INITIAL_STATE;
  #told = '';
  /** Of this pod, as far as it was ever known. */
  #site = '';
  #cancelStale: () => void = () => undefined;
  #cancelRival: () => void = () => undefined;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.tell();
  }

  /** As of now. */
  view(): View {
    return viewOf(this.#state, this.#options, this.#options.clock.elapsed(), this.#site);
  }

  /** Seconds since the last confirmation; Infinity before the first. */
  unconfirmedSeconds(): number {
    return (this.#options.clock.elapsed() - this.#state.confirmedAt) / 1_000;
  }

  take(reading: Reading): void {
    const { clock, staleAfterMs } = this.#options;
    const now = clock.elapsed();
    const [state, verdict] = applyReading(this.#state, reading, now);
    this.#state = state;
    this.#note(reading, verdict);
    this.tell();
    if (reading.source === 'api') this.#awaitRival(reading, now);
    this.#cancelStale();
    const left = state.confirmedAt + staleAfterMs - now;
    // A timer may fire a little early, and would find no change.
    if (left > 0) this.#cancelStale = clock.after(Math.ceil(left) + 1, () => this.tell());
  }

  stop(): void {
    this.#cancelStale();
    this.#cancelRival();
  }

  /** Silence of a watched ConfigMap confirms it: no event comes when its time has run out. */
  #awaitRival(reading: Reading, now: number): void {
    const { clock, connection } = this.#options;
    this.#cancelRival();
    const { rival } = this.#state;
    if (rival === undefined) return;
    const left = rival.since + REPLACE_AFTER_MS - now;
    this.#cancelRival = clock.after(
      Math.ceil(Math.max(left, 0)) + 1,
      () => connection.isUp && this.take(reading),
    );
  }

  /** What is answered now, where that is another answer than before. */
  tell(): void {
    const { answer, why } = this.view();
    this.#site = answer.site;
    const json = JSON.stringify(answer);
    if (json === this.#told) return;
    this.#told = json;
    this.#options.log('info', 'answer changed', { ...answer, why });
    this.#options.publish(json);
  }

  #note({ source, uid, status }: Reading, verdict: ReadingOutcome): void {
    const key = `${source} ${verdict}` as const;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    const meaning = MEANING[verdict];
    if (meaning !== undefined && this.#lastVerdict.get(source) !== verdict) {
      const { activeSite, epoch } = status ?? {};
      this.#options.log('warn', 'unusual status', { source, uid, activeSite, epoch, verdict, meaning });
    }
    this.#lastVerdict.set(source, verdict);
  }
}
