import { randomInt } from 'node:crypto';
import { type Clock, withDeadline } from '../../../runtime/clock.ts';
import { explain } from '../../../runtime/explain.ts';
import { noAnswer } from '../../calls/unanswered.ts';
import { DnsError, type WriteGuard } from '../../provider.ts';
import { aboutNames } from '../../records/name-errors.ts';
import type { ServerAddress } from '../../records/server-address.ts';
import { answerError, clockError, rcodeError, tsigError, unsignedError, updateError } from './errors.ts';
import { CLASSES, type Message, OPCODES, type Question, type Resource, TYPES } from './message.ts';
import type { Answered } from './records.ts';
import { ClosedError, DnsConnection } from './transport.ts';
import { sign, type TsigKey, verify } from './tsig.ts';
import type { Update } from './update.ts';

const TIMEOUT_MS = 10_000;
/** For more questions the timeout is multiplied. */
const QUESTIONS_IN_TIMEOUT = 2_000;
/** Some 150 bytes each. A server limits those that it works on by itself (BIND: 23 per connection). */
const MAX_UNDER_WAY = 2_000;
const ID_COUNT = 0x10000;
const SERVFAIL = 2;
const NOERROR = 0;
const NXDOMAIN = 3;

/** After so many requests in a row without an answer, the server counts as unavailable. */
const MOST_LOST_IN_ROW = 3;

type Outcome = Message | DnsError;

export interface QueryOutcome {
  readonly answered: Answered;
  /** By the question. */
  readonly errors: ReadonlyMap<Question, DnsError>;
}

/** Sends signed queries and updates to one name server, by TCP. Rejects with a DnsError or the reason of `abort`. */
export class DnsServer {
  readonly #address: ServerAddress;
  readonly #key: TsigKey;
  readonly #clock: Clock;

  constructor(address: ServerAddress, key: TsigKey, clock: Clock) {
    this.#address = address;
    this.#key = key;
    this.#clock = clock;
  }

  /** For the report. */
  get name(): string {
    return `${this.#address.host}:${this.#address.port}`;
  }

  /** In the order of the questions. The answer for a name that does not exist has no records. */
  async query(questions: readonly Question[], abort: AbortSignal): Promise<Answered> {
    const { answered, errors } = await this.queryEach(questions, abort);
    const [first] = errors.values();
    if (first === undefined) return answered;
    const names = [...new Set([...errors.keys()].map(({ name }) => name))];
    throw questions.length === 1 ? first : aboutNames(first, names, first.message);
  }

  /** As {@link query}, with errors of single questions. */
  async queryEach(questions: readonly Question[], abort: AbortSignal): Promise<QueryOutcome> {
    const requests = questions.map((question) => message(OPCODES.QUERY, [question]));
    const what = (index: number) => `the query for ${questions[index]?.name ?? 'nothing'}`;
    const outcomes = await this.#ask(requests, what, abort);
    const errors = new Map<Question, DnsError>();
    const answered = questions.flatMap((question, index) => {
      const outcome = outcomes[index] ?? answerError(what(index), 'there is none');
      if (!(outcome instanceof DnsError) && isAnswered(outcome)) return [{ question, answer: outcome }];
      errors.set(question, outcome instanceof DnsError ? outcome : rcodeError(what(index), outcome.rcode));
      return [];
    });
    return { answered, errors };
  }

  /** Makes the updates one after another, until one fails. Throws a DnsError of kind `conflict` if a prerequisite fails. */
  async update(zone: string, updates: readonly Update[], guard: WriteGuard): Promise<void> {
    for (const update of updates) {
      guard.assertMayWrite();
      const what = `the update of ${zone}`;
      const [answer] = await this.#ask([updateMessage(zone, update)], () => what, guard.abort, false);
      if (answer instanceof DnsError) throw answer;
      const names = [...new Set([...update.prerequisites, ...update.updates].map(({ name }) => name))];
      if (answer?.rcode !== NOERROR) throw updateError(what, answer?.rcode ?? SERVFAIL, names);
      guard.onAccepted?.(update.changes ?? []);
    }
  }

  /** Whether the prerequisites of each check hold. */
  async holds(zone: string, checks: readonly Update[], abort: AbortSignal): Promise<readonly boolean[]> {
    if (checks.length === 0) return [];
    const what = `the check of records of ${zone}`;
    const requests = checks.map((check) => updateMessage(zone, check));
    const answers = await this.#ask(requests, () => what, abort);
    return answers.map((answer) => {
      if (answer instanceof DnsError) throw answer;
      const { rcode } = answer;
      if (rcode === NOERROR) return true;
      const error = rcodeError(what, rcode);
      if (error.kind === 'conflict') return false;
      throw error;
    });
  }

  /**
   * Pipelines all requests on one connection (RFC 7766 section 6.2.1.1). If the server closes it early, the rest is sent on
   * another one (section 6.2.4), unless it must not be sent twice. A request whose own connection is closed, too, has
   * failed.
   */
  async #ask(
    requests: readonly Message[],
    what: (index: number) => string,
    abort: AbortSignal,
    isRepeatable = true,
  ): Promise<readonly Outcome[]> {
    const outcomes = new Map<number, Outcome>();
    const until = this.#clock.elapsed() + TIMEOUT_MS * Math.ceil(requests.length / QUESTIONS_IN_TIMEOUT);
    let left = requests.map((_, index) => index);
    let most = left.length;
    let lostInRow = 0;
    while (left.length > 0) {
      const asked = left.slice(0, most);
      const [first = 0] = asked;
      const closed = await this.#session(what(first), until - this.#clock.elapsed(), abort, (connection) =>
        this.#exchange(connection, requests, asked, what, outcomes),
      );
      const answered = asked.filter((index) => outcomes.has(index)).length;
      most = closed === undefined ? 2 * most : Math.max(1, answered);
      lostInRow = answered > 0 ? 0 : lostInRow + (asked.length === 1 ? 1 : 0);
      if (closed !== undefined && answered === 0 && asked.length === 1) {
        const error = this.#noAnswer(what(first), closed);
        if (!isRepeatable || lostInRow >= MOST_LOST_IN_ROW) throw error;
        outcomes.set(first, error);
      }
      left = left.filter((index) => !outcomes.has(index));
    }
    return requests.flatMap((_, index) => outcomes.get(index) ?? []);
  }

  /** Resolves when all of `asked` have an outcome, or with the reason why the server closed the connection. */
  async #exchange(
    connection: DnsConnection,
    requests: readonly Message[],
    asked: readonly number[],
    what: (index: number) => string,
    outcomes: Map<number, Outcome>,
  ): Promise<ClosedError | undefined> {
    const underWay = new Map<
      number,
      { readonly index: number; readonly request: Message; readonly mac: Buffer }
    >();
    const firstId = randomInt(ID_COUNT);
    let next = 0;
    while (next < asked.length || underWay.size > 0) {
      for (; underWay.size < MAX_UNDER_WAY && next < asked.length; next += 1) {
        const index = asked[next] ?? 0;
        const request = {
          ...(requests[index] ?? message(OPCODES.QUERY, [])),
          id: (firstId + next) % ID_COUNT,
        };
        const { bytes, mac } = sign(request, this.#key, this.#clock.now());
        connection.send(bytes);
        underWay.set(request.id, { index, request, mac });
      }
      const bytes = await connection.receive();
      if (bytes instanceof ClosedError) return bytes;
      const found = bytes.length < 2 ? undefined : underWay.get(bytes.readUInt16BE(0));
      if (found === undefined) throw answerError(what(asked[0] ?? 0), 'it answers something else');
      underWay.delete(found.request.id);
      outcomes.set(found.index, this.#verified(what(found.index), found.request, found.mac, bytes));
    }
    return undefined;
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
      throw this.#noAnswer(what, error);
    }
  }

  #noAnswer(what: string, error: unknown): DnsError {
    return noAnswer(what, error, {
      way: ` at ${this.name}`,
      why: explain(error),
      action:
        'It is tried again; if this lasts, look at the way to RFC2136_SERVER: it must answer by TCP, through every network policy.',
    });
  }

  /** Throws a DnsError that applies to all requests. */
  #verified(what: string, request: Message, mac: Buffer, answer: Buffer): Outcome {
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
    return unsignedError(what, reply.rcode);
  }
}

function isAnswered({ rcode }: Message): boolean {
  return rcode === NOERROR || rcode === NXDOMAIN;
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
