import type { DnsServer } from './api.ts';
import type { Message, Question } from './message.ts';

interface Batch {
  readonly questions: Question[];
  readonly answers: Promise<ReadonlyMap<Question, Message>>;
}

/** Questions that are asked at the same time go over one connection: a server has some tens of them for everybody. */
export class GatheredQueries {
  readonly #server: DnsServer;
  #next: Batch | undefined;

  constructor(server: DnsServer) {
    this.#server = server;
  }

  /** Undefined when the server has failed to answer, whatever the reason. Rejects when none of the batch was answered. */
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
