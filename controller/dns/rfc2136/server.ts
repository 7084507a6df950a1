import { randomInt } from 'node:crypto';
import { type Clock, DeadlineError, withDeadline } from '../../../kubernetes/clock.ts';
import { explain } from '../../../kubernetes/errors.ts';
import { DnsError } from '../provider.ts';
import type { ServerAddress } from '../server-address.ts';
import { answerError, clockError, rcodeError, tsigError } from './errors.ts';
import { CLASSES, type Message, OPCODES, type Question, type Resource, TYPES } from './message.ts';
import { DnsConnection } from './transport.ts';
import { sign, type TsigKey, verify } from './tsig.ts';
import type { Update } from './update.ts';

const TIMEOUT_MS = 10_000;
const NOERROR = 0;
const NXDOMAIN = 3;

/** Signed questions and updates to one name server, by TCP. Fails with DnsError or the reason of the signal. */
export class DnsServer {
  readonly #address: ServerAddress;
  readonly #key: TsigKey;
  readonly #clock: Clock;

  constructor(address: ServerAddress, key: TsigKey, clock: Clock) {
    this.#address = address;
    this.#key = key;
    this.#clock = clock;
  }

  /** For the reader of a report. */
  get name(): string {
    return `${this.#address.host}:${this.#address.port}`;
  }

  /** The answers in the order of the questions. A name that does not exist is an answer without records. */
  query(questions: readonly Question[], signal: AbortSignal): Promise<readonly Message[]> {
    return this.#session(`a query for ${questions[0]?.name ?? 'nothing'}`, signal, async (exchange) => {
      const answers: Message[] = [];
      for (const question of questions) {
        const what = `the query for ${question.name}`;
        const answer = await exchange(what, message(OPCODES.QUERY, [question]));
        if (answer.rcode !== NOERROR && answer.rcode !== NXDOMAIN) throw rcodeError(what, answer.rcode);
        answers.push(answer);
      }
      return answers;
    });
  }

  /** Throws a DnsError of kind `conflict` when a prerequisite does not hold. */
  update(zone: string, { prerequisites, updates }: Update, signal: AbortSignal): Promise<void> {
    const what = `the update of ${zone}`;
    return this.#session(what, signal, async (exchange) => {
      const soa = { name: zone, type: TYPES.SOA, class: CLASSES.IN };
      const answer = await exchange(what, message(OPCODES.UPDATE, [soa], prerequisites, updates));
      const names = [...new Set([...prerequisites, ...updates].map(({ name }) => name))];
      if (answer.rcode !== NOERROR) throw rcodeError(what, answer.rcode, names);
    });
  }

  async #session<T>(
    what: string,
    signal: AbortSignal,
    use: (exchange: (what: string, request: Message) => Promise<Message>) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(this.#clock, TIMEOUT_MS, signal, what, (limited) =>
        DnsConnection.with(this.#address, limited, (connection) =>
          use((about, request) => this.#exchange(connection, about, request)),
        ),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DnsError) throw error;
      if (error instanceof RangeError) throw answerError(what, error.message);
      const isLate = error instanceof DeadlineError;
      throw new DnsError(
        isLate ? `${error.message} from ${this.name}` : `${what} to ${this.name} failed: ${explain(error)}`,
        {
          kind: 'retry',
          code: isLate ? 'timeout' : 'network',
          action:
            'It is tried again; if this lasts, look at the way to RFC2136_SERVER: it must answer by TCP, through every network policy.',
          cause: error,
        },
      );
    }
  }

  async #exchange(connection: DnsConnection, what: string, request: Message): Promise<Message> {
    const signed = sign(request, this.#key, this.#clock.now());
    const answer = await connection.exchange(signed.bytes);
    const verdict = verify(answer, signed.mac, this.#key, this.#clock.now());
    if (verdict.kind === 'forged') throw answerError(what, verdict.why);
    if (verdict.kind === 'bad-time') {
      throw clockError(what, Math.round(this.#clock.now() / 1000 - verdict.serverTime));
    }
    const { message: reply } = verdict;
    const fits = reply.isResponse && reply.id === request.id && reply.opcode === request.opcode;
    if (!fits) throw answerError(what, 'it answers something else');
    if (verdict.kind === 'good') return reply;
    if (verdict.error !== undefined) throw tsigError(what, verdict.error);
    if (reply.rcode === NOERROR || reply.rcode === NXDOMAIN) throw answerError(what, 'it is not signed');
    throw rcodeError(what, reply.rcode);
  }
}

function message(
  opcode: number,
  questions: readonly Question[],
  answers: readonly Resource[] = [],
  authorities: readonly Resource[] = [],
): Message {
  return {
    id: randomInt(0x10000),
    opcode,
    isResponse: false,
    isAuthoritative: false,
    rcode: NOERROR,
    questions,
    answers,
    authorities,
    additionals: [],
  };
}
