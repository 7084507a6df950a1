import { randomInt } from 'node:crypto';
import { type Clock, withDeadline } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { DnsError, type WriteGuard } from '../provider.ts';
import type { ServerAddress } from '../server-address.ts';
import { noAnswer } from '../unanswered.ts';
import { answerError, clockError, rcodeError, tsigError, unsignedError, updateError } from './errors.ts';
import { CLASSES, type Message, OPCODES, type Question, type Resource, TYPES } from './message.ts';
import type { Answered } from './records.ts';
import { DnsConnection } from './transport.ts';
import { sign, type TsigKey, verify } from './tsig.ts';
import type { Update } from './update.ts';

const TIMEOUT_MS = 10_000;
/** Of more questions the time is as many times longer. */
const QUESTIONS_IN_TIMEOUT = 2_000;
/** Some 150 bytes each; a server that has too many under way reads on later (BIND: 23 of one connection). */
const MAX_UNDER_WAY = 2_000;
const ID_COUNT = 0x10000;
const SERVFAIL = 2;
const NOERROR = 0;
const NXDOMAIN = 3;

/** Signed questions and updates to one name server, by TCP. Fails with DnsError or the reason of `abort`. */
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

  /** Each question with its answer, in their order. A name that does not exist is an answer without records. */
  async query(questions: readonly Question[], abort: AbortSignal): Promise<Answered> {
    if (questions.length === 0) return [];
    const requests = questions.map((question) => message(OPCODES.QUERY, [question]));
    const what = (index: number) => `the query for ${questions[index]?.name ?? 'nothing'}`;
    const answers = await this.#ask(requests, what, abort);
    return questions.map((question, index) => {
      const answer = answers[index];
      if (answer === undefined) throw answerError(what(index), 'there is none');
      if (answer.rcode !== NOERROR && answer.rcode !== NXDOMAIN) throw rcodeError(what(index), answer.rcode);
      return { question, answer };
    });
  }

  /**
   * Makes the updates one after another, until one fails. `mayWrite` throws when it may not any more. Throws a DnsError of
   * kind `conflict` when a prerequisite does not hold.
   */
  async update(zone: string, updates: readonly Update[], guard: WriteGuard): Promise<void> {
    for (const update of updates) {
      guard.assertMayWrite();
      const what = `the update of ${zone}`;
      const [answer] = await this.#ask([updateMessage(zone, update)], () => what, guard.abort);
      const names = [...new Set([...update.prerequisites, ...update.updates].map(({ name }) => name))];
      if (answer?.rcode !== NOERROR) throw updateError(what, answer?.rcode ?? SERVFAIL, names);
      guard.onAccepted?.(update.changes ?? []);
    }
  }

  /** Whether the prerequisites of each hold. */
  async holds(zone: string, checks: readonly Update[], abort: AbortSignal): Promise<readonly boolean[]> {
    if (checks.length === 0) return [];
    const what = `the check of records of ${zone}`;
    const requests = checks.map((check) => updateMessage(zone, check));
    const answers = await this.#ask(requests, () => what, abort);
    return answers.map(({ rcode }) => {
      if (rcode === NOERROR) return true;
      const error = rcodeError(what, rcode);
      if (error.kind === 'conflict') return false;
      throw error;
    });
  }

  /** Sends all on one connection, without waiting for one answer before the next question (RFC 7766 section 6.2.1.1). */
  #ask(
    requests: readonly Message[],
    what: (index: number) => string,
    abort: AbortSignal,
  ): Promise<readonly Message[]> {
    const limitMs = TIMEOUT_MS * Math.ceil(requests.length / QUESTIONS_IN_TIMEOUT);
    return this.#session(what(0), limitMs, abort, async (connection) => {
      const answers = new Map<number, Message>();
      const underWay = new Map<
        number,
        { readonly index: number; readonly request: Message; readonly mac: Buffer }
      >();
      const first = randomInt(ID_COUNT);
      let next = 0;
      while (answers.size < requests.length) {
        for (; underWay.size < MAX_UNDER_WAY && next < requests.length; next += 1) {
          const request = {
            ...(requests[next] ?? message(OPCODES.QUERY, [])),
            id: (first + next) % ID_COUNT,
          };
          const { bytes, mac } = sign(request, this.#key, this.#clock.now());
          connection.send(bytes);
          underWay.set(request.id, { index: next, request, mac });
        }
        const bytes = await connection.receive();
        const asked = bytes.length < 2 ? undefined : underWay.get(bytes.readUInt16BE(0));
        if (asked === undefined) throw answerError(what(0), 'it answers something else');
        underWay.delete(asked.request.id);
        answers.set(asked.index, this.#verified(what(asked.index), asked.request, asked.mac, bytes));
      }
      return requests.flatMap((_, index) => answers.get(index) ?? []);
    });
  }

  async #session<T>(
    what: string,
    limitMs: number,
    abort: AbortSignal,
    use: (connection: DnsConnection) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(this.#clock, limitMs, abort, what, (limited) =>
        DnsConnection.with(this.#address, limited, use),
      );
    } catch (error) {
      abort.throwIfAborted();
      if (error instanceof DnsError) throw error;
      if (error instanceof RangeError) throw answerError(what, error.message);
      throw noAnswer(what, error, {
        way: ` at ${this.name}`,
        why: explain(error),
        action:
          'It is tried again; if this lasts, look at the way to RFC2136_SERVER: it must answer by TCP, through every network policy.',
      });
    }
  }

  #verified(what: string, request: Message, mac: Buffer, answer: Buffer): Message {
    const checked = verify(answer, mac, this.#key, this.#clock.now());
    if (checked.kind === 'forged') throw answerError(what, checked.why);
    if (checked.kind === 'bad-time') {
      throw clockError(what, Math.round(this.#clock.now() / 1000 - checked.serverTime));
    }
    const { message: reply } = checked;
    const fits = reply.isResponse && reply.id === request.id && reply.opcode === request.opcode;
    if (!fits) throw answerError(what, 'it answers something else');
    if (checked.kind === 'good') return reply;
    if (checked.error !== undefined) throw tsigError(what, checked.error);
    if (reply.rcode === NOERROR || reply.rcode === NXDOMAIN) throw answerError(what, 'it is not signed');
    throw unsignedError(what, reply.rcode);
  }
}

function updateMessage(zone: string, { prerequisites, updates }: Update): Message {
  const soa = { name: zone, type: TYPES.SOA, class: CLASSES.IN };
  return message(OPCODES.UPDATE, [soa], prerequisites, updates);
}

function message(
  opcode: number,
  questions: readonly Question[],
  answers: readonly Resource[] = [],
  authorities: readonly Resource[] = [],
): Message {
  return {
    id: 0,
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
