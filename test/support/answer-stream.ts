import { EventEmitter, once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { Answer } from '../../sidecar/answer.ts';

export interface Told {
  readonly answer: Answer;
  /** performance.now() when it was heard of. */
  readonly at: number;
}

/** Listens to `/events` of a sidecar. */
export class AnswerStream {
  readonly #news = new EventEmitter();
  readonly #response: IncomingMessage;
  #last: Told | undefined;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    createInterface({ input: response }).on('line', (line) => {
      const at = performance.now();
      if (!line.startsWith('data: ')) return;
      this.#last = { answer: JSON.parse(line.slice('data: '.length)) as Answer, at };
      this.#news.emit('told');
    });
    response.on('error', () => undefined); // The sidecar has ended, or we did not want to hear more.
  }

  static async open(url: string): Promise<AnswerStream> {
    const [response] = (await once(get(`${url}/events`, { agent: false }), 'response')) as [IncomingMessage];
    return new AnswerStream(response);
  }

  /** The last one if it `matches`, else the first later one that does. */
  async until(matches: (answer: Answer) => boolean, timeoutMs = 20_000): Promise<Told> {
    const abort = AbortSignal.timeout(timeoutMs);
    for (;;) {
      if (this.#last !== undefined && matches(this.#last.answer)) return this.#last;
      await once(this.#news, 'told', { signal: abort });
    }
  }

  close(): void {
    this.#response.destroy();
  }
}
