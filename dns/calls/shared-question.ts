import { unlessAborted } from '../../runtime/clock.ts';

interface Asked<T> {
  readonly answer: Promise<T>;
  /** Aborts when nobody waits any more. */
  readonly ending: AbortController;
  waiting: number;
}

/** A question that many ask at the same time, and which is asked once for all of them. */
export class SharedQuestion<T> {
  readonly #ask: (abort: AbortSignal) => Promise<T>;
  #asked: Asked<T> | undefined;

  constructor(ask: (abort: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  /** Rejects as the question does, or with the reason of `abort`. */
  async answer(abort: AbortSignal): Promise<T> {
    abort.throwIfAborted();
    const asked = this.#asked ?? this.#begin();
    asked.waiting += 1;
    try {
      return await unlessAborted(asked.answer, abort);
    } finally {
      asked.waiting -= 1;
      if (asked.waiting === 0) this.#end(asked, abort.reason);
    }
  }

  #begin(): Asked<T> {
    const ending = new AbortController();
    const asked = { answer: this.#ask(ending.signal), ending, waiting: 0 };
    const end = () => this.#end(asked, undefined);
    asked.answer.then(end, end);
    this.#asked = asked;
    return asked;
  }

  /** The next one asks anew. */
  #end(asked: Asked<T>, reason: unknown): void {
    if (this.#asked === asked) this.#asked = undefined;
    asked.ending.abort(reason);
  }
}
