import { EventEmitter, once } from 'node:events';
import type { Reading } from '../state.ts';

/** Everything that a source shows. */
export class Readings {
  readonly all: Reading[] = [];
  readonly #news = new EventEmitter();

  readonly take = (reading: Reading): void => {
    this.all.push(reading);
    this.#news.emit('reading');
  };

  get epochs(): readonly (number | undefined)[] {
    return this.all.map(({ status }) => status?.epoch);
  }

  /** Resolves when there are `count` of them. Has no time limit of its own. */
  async count(count: number): Promise<readonly Reading[]> {
    while (this.all.length < count) await once(this.#news, 'reading');
    return this.all;
  }
}
