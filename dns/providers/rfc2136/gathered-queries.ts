import type { DnsServer } from './api.ts';
import type { Message, Question } from './message.ts';

interface Batch {
  readonly questions: Question[];
  readonly answers: Promise<ReadonlyMap<Question, Message>>;
}

/** Sends concurrent questions on one connection, as a server allows only some tens of connections. */
export class GatheredQueries {
  readonly #server: DnsServer;
  #next: Batch | undefined;

  constructor(server: DnsServer) {
    this.#server = server;
  }

  /** Undefined if the server did not answer, for any reason. Rejects if it answered none of the batch. */
  async query(question: Question, abort: AbortSignal): Promise<Message | undefined> {
    this.#next ??= this.#begin(abort);
    const { questions, answers } = this.#next;
    questions.push(question);
    return (await answers).get(question);
  }

  #begin(abort: AbortSignal): Batch {
    const questions: Question[] = [];
    const ask = async () => {
      await Promise.resolve();
      this.#next = undefined;
      const { answered } = await this.#server.queryEach(questions, abort);
      return new Map(answered.map(({ question, answer }) => [question, answer]));
    };
    return { questions, answers: ask() };
  }
}
