import { type Clock, sleep } from '../../../kubernetes/clock.ts';
import type { AuthoritativeLookup, ServerAnswer } from '../authoritative.ts';
import { sameRecordSet } from '../plan.ts';
import {
  type Change,
  DnsError,
  type DnsProvider,
  type RecordSet,
  type RecordType,
  type WriteGuard,
} from '../provider.ts';
import { answerError, notServed } from './errors.ts';
import { CLASSES, decodeValue, type Message, TYPES } from './message.ts';
import type { DnsServer } from './server.ts';
import { isAsFound, updateOf } from './update.ts';

/** A query is cheap for a server of one's own. */
const DRIFT_MS = 5 * 60_000;
const RECORD_TYPES: readonly RecordType[] = ['A', 'AAAA', 'CNAME'];
/** Some servers answer an update before their own queries show it. */
const READ_BACK_AFTER_MS = [0, 500, 2_000];

/** Dynamic updates with TSIG: each set of changes is one message, which the server makes whole or not at all. */
export class Rfc2136Provider implements DnsProvider {
  readonly name = 'rfc2136';
  readonly driftMs = DRIFT_MS;
  readonly canSplit = true;
  readonly #server: DnsServer;
  readonly #clock: Clock;

  constructor(server: DnsServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  async read(zone: string, names: readonly string[], signal: AbortSignal): Promise<readonly RecordSet[]> {
    const soa = { name: zone, type: TYPES.SOA, class: CLASSES.IN };
    const questions = names.flatMap((name) =>
      RECORD_TYPES.map((type) => ({ name, type: TYPES[type], class: CLASSES.IN })),
    );
    const [zoneAnswer, ...answers] = await this.#server.query([soa, ...questions], signal);
    if (zoneAnswer !== undefined) assertServes(zone, zoneAnswer);
    const sets = names.flatMap((name, row) =>
      RECORD_TYPES.flatMap((type, column) => {
        const answer = answers[row * RECORD_TYPES.length + column];
        return answer === undefined ? [] : recordSet(zone, name, type, answer);
      }),
    );
    return this.#withoutWildcards(zone, sets, signal);
  }

  async apply(zone: string, changes: readonly Change[], guard: WriteGuard): Promise<void> {
    guard.assertMayWrite();
    await this.#server.update(zone, updateOf(changes), guard.signal);
    await this.#readBack(zone, changes, guard.signal);
  }

  /** The primary itself, and the servers that the zone is delegated to. */
  async lookup(
    zone: string,
    name: string,
    type: RecordType,
    signal: AbortSignal,
    ask: AuthoritativeLookup,
  ): Promise<readonly ServerAnswer[]> {
    const question = { name, type: TYPES[type], class: CLASSES.IN };
    const primary = async (): Promise<ServerAnswer> => {
      try {
        const [answer] = await this.#server.query([question], signal);
        const sets = answer === undefined ? [] : recordSet(zone, name, type, answer);
        return { server: this.#server.name, values: sets[0]?.values ?? [] };
      } catch {
        signal.throwIfAborted();
        return { server: this.#server.name, values: undefined }; // It has failed to answer, whatever the reason.
      }
    };
    const [own, others] = await Promise.all([primary(), ask(zone, name, type, signal)]);
    return [own, ...others];
  }

  /**
   * A query cannot tell a record from what `*.zone` makes up for a name that has none, and a prerequisite can. An
   * update without updates changes nothing, the serial number included.
   */
  async #withoutWildcards(
    zone: string,
    sets: readonly RecordSet[],
    signal: AbortSignal,
  ): Promise<readonly RecordSet[]> {
    if (await this.#areThere(zone, sets, signal)) return sets;
    const there: RecordSet[] = [];
    for (const set of sets) if (await this.#areThere(zone, [set], signal)) there.push(set);
    return there;
  }

  async #areThere(zone: string, sets: readonly RecordSet[], signal: AbortSignal): Promise<boolean> {
    if (sets.length === 0) return true;
    try {
      await this.#server.update(zone, { prerequisites: sets.flatMap(isAsFound), updates: [] }, signal);
      return true;
    } catch (error) {
      if (error instanceof DnsError && error.kind === 'conflict') return false;
      throw error;
    }
  }

  /** A CNAME beside other records is silently left out by the server (RFC 2136 section 3.4.2.2). */
  async #readBack(zone: string, changes: readonly Change[], signal: AbortSignal): Promise<void> {
    const wanted = changes.flatMap((change) => ('wanted' in change ? [change.wanted] : []));
    const names = [...new Set(wanted.map(({ name }) => name))];
    for (const delay of READ_BACK_AFTER_MS) {
      await sleep(this.#clock, delay, signal);
      const found = await this.read(zone, names, signal);
      if (wanted.every((set) => found.some((other) => sameRecordSet(set, other)))) return;
    }
    throw new DnsError(`the server accepted the records of ${names.join(', ')} but does not show them`, {
      kind: 'refused',
      code: 'not-saved',
      action: 'See what else stands at these names: nothing can stand beside a CNAME.',
    });
  }
}

function assertServes(zone: string, answer: Message): void {
  const hasSoa = answer.answers.some(({ name, type }) => name === zone && type === TYPES.SOA);
  if (hasSoa && answer.isAuthoritative) return;
  throw notServed(
    `the server is not authoritative for ${zone}${hasSoa ? '' : ', or there is no such zone'}`,
    'Name the primary server of the zone as RFC2136_SERVER, and write name@zone where the zone is another one.',
  );
}

/** None or one. The answer may also hold the records of a CNAME's target; they are not the name's own. */
function recordSet(zone: string, name: string, type: RecordType, answer: Message): RecordSet[] {
  if (!answer.isAuthoritative && answer.answers.length === 0) {
    const child = answer.authorities.find((record) => record.type === TYPES.NS);
    throw notServed(
      `${name} is not in ${zone} but delegated${child === undefined ? '' : ` with ${child.name}`} to other servers`,
      `Write ${name}@${child?.name ?? 'zone'} and name the primary server of that zone.`,
    );
  }
  const records = answer.answers.filter((record) => record.name === name && record.type === TYPES[type]);
  const [first] = records;
  if (first === undefined) return [];
  if (records.some((record) => record.class !== CLASSES.IN))
    throw answerError(name, 'it is of another class');
  return [{ name, type, ttl: first.ttl, values: records.map(({ data }) => decodeValue(type, data)) }];
}
