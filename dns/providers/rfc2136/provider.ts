import type { Clock } from '../../../runtime/clock.ts';
import { readBack } from '../../calls/read-back.ts';
import { notSaved } from '../../errors.ts';
import { sameRecordSet } from '../../plan.ts';
import { subjectOf } from '../../planned.ts';
import type { DnsProvider, WriteGuard } from '../../provider.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from '../../records/authoritative.ts';
import { currentOf } from '../../records/record-sets.ts';
import type { Change, Current, RecordSet, WrittenType, ZoneQuery } from '../../records.ts';
import { namesUpTo } from '../../zones.ts';
import type { DnsServer } from './api.ts';
import { GatheredQueries } from './gathered-queries.ts';
import { heldSets, madeUpNames } from './held.ts';
import { TYPES } from './message.ts';
import {
  assertServes,
  delegations,
  isSigned,
  question,
  questionsAbout,
  recordSet,
  recordSets,
  redirections,
  textSets,
  unreadNames,
  zonesServed,
} from './records.ts';
import { UpdateWriter } from './writer.ts';

/** Queries are cheap for one's own server. */
const DRIFT_MS = 5 * 60_000;
/** Answers of a server that does not have the zone. */
const NOT_SERVED: ReadonlySet<string> = new Set(['REFUSED', 'NOTAUTH']);
/** Some servers answer an update before queries show it. */
const READ_BACK_AFTER_MS = [0, 500, 2_000];

/** Dynamic updates with TSIG: the server applies each message as a whole or not at all. */
export class Rfc2136Provider implements DnsProvider {
  readonly name = 'rfc2136';
  readonly driftMs = DRIFT_MS;
  readonly #server: DnsServer;
  readonly #writer: UpdateWriter;
  readonly #lookups: GatheredQueries;
  readonly #clock: Clock;
  readonly #signed = new Map<string, boolean>();

  constructor(server: DnsServer, clock: Clock) {
    this.#server = server;
    this.#writer = new UpdateWriter(server, clock);
    this.#lookups = new GatheredQueries(server);
    this.#clock = clock;
  }

  async zonesWithin(zone: string, names: readonly string[], abort: AbortSignal): Promise<readonly string[]> {
    const below = new Set(names.flatMap((name) => namesUpTo(zone, name)));
    const questions = [...below].map((name) => question(name, TYPES.SOA));
    const { answered, errors } = await this.#server.queryEach(questions, abort);
    const [error] = [...errors.values()].filter(({ code }) => !NOT_SERVED.has(code) && code !== 'SERVFAIL');
    if (error !== undefined) throw error;
    // SERVFAIL is the answer for a zone that the server has; it would hide a record in a shorter one.
    const failing = [...errors].flatMap(([{ name }, { code }]) => (code === 'SERVFAIL' ? [name] : []));
    return [zone, ...zonesServed(answered), ...failing];
  }

  async read(query: ZoneQuery): Promise<Current> {
    const { zone, names, texts = [], abort } = query;
    const { answered, errors } = await this.#server.queryEach(questionsAbout(zone, names, texts), abort);
    const unread = unreadNames(query, errors);
    assertServes(zone, answered);
    this.#signed.set(zone, isSigned(answered));
    const cuts = delegations(zone, answered);
    const isBelow = ({ name }: RecordSet<WrittenType>) =>
      unread.has(name) || cuts.some((cut) => name === cut.name || name.endsWith(`.${cut.name}`));
    const shown = [...recordSets(answered), ...textSets(answered)].filter((set) => !isBelow(set));
    // The answer of a query may come from `*.zone`, and not from a record of the name.
    const own = await heldSets(this.#server, zone, shown, abort);
    const others = [...cuts, ...redirections(zone, answered), ...this.#writer.obstaclesAt(names)];
    const madeUp = await madeUpNames(
      this.#server,
      zone,
      shown.filter((set) => !own.includes(set)),
      abort,
    );
    return currentOf(own, others, query, new Map([...unread, ...madeUp]));
  }

  async apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    guard.assertMayWrite();
    // The owner records of addresses stay until it is certain that the CNAME in their place was not left out.
    const isLast = changes.some(isNewCname) ? isRelease : () => false;
    for (const part of [changes.filter((change) => !isLast(change)), changes.filter(isLast)]) {
      if (part.length === 0) continue;
      await this.#writer.write(zone, part, this.#signed.get(zone) === true, guard);
      await this.#readBack(zone, part, guard.abort);
    }
  }

  /** Asks the primary as well as the servers that the zone is delegated to. */
  async lookup(query: RecordQuery, ask: AuthoritativeLookup): Promise<readonly ServerAnswer[]> {
    const { name, type, abort } = query;
    const primary = async (): Promise<ServerAnswer> => {
      try {
        const answer = await this.#lookups.query(question(name, TYPES[type]), abort);
        const values = answer && (recordSet(name, type, answer)[0]?.values ?? []);
        return { server: this.#server.name, values };
      } catch {
        abort.throwIfAborted();
        return { server: this.#server.name, values: undefined }; // It has failed to answer, whatever the reason.
      }
    };
    const [own, others] = await Promise.all([primary(), ask(query)]);
    return [own, ...others];
  }

  async #missingAmong(
    zone: string,
    sets: readonly RecordSet<WrittenType>[],
    abort: AbortSignal,
  ): Promise<readonly RecordSet<WrittenType>[]> {
    const questions = sets.map(({ name, type }) => question(name, TYPES[type]));
    const answered = await this.#server.query(questions, abort);
    const isShown = sets.map((set, index) => {
      const answer = answered[index]?.answer;
      return (
        answer !== undefined && recordSet(set.name, set.type, answer).some((own) => sameRecordSet(own, set))
      );
    });
    const held = new Set(
      await heldSets(
        this.#server,
        zone,
        sets.filter((_, index) => isShown[index]),
        abort,
      ),
    );
    return sets.filter((set) => !held.has(set));
  }

  async #readBack(zone: string, changes: readonly Change<WrittenType>[], abort: AbortSignal): Promise<void> {
    const desired = changes.flatMap((change) => ('desired' in change ? [change.desired] : []));
    const deleted = changes.flatMap((change) => (change.action === 'delete' ? [change.current] : []));
    let left = { absent: desired, present: deleted };
    const unmade = await readBack({ clock: this.#clock, delaysMs: READ_BACK_AFTER_MS, abort }, async () => {
      const [absent, present] = await Promise.all([
        this.#missingAmong(zone, left.absent, abort),
        heldSets(this.#server, zone, left.present, abort),
      ]);
      left = { absent: [...absent], present: [...present] };
      return [...absent, ...present];
    });
    if (unmade.length === 0) return;
    const names = [...new Set(unmade.map(({ name }) => name))];
    const isAbsent = left.absent.length > 0;
    throw notSaved(
      `the server accepted the change of ${names.join(', ')} but ${isAbsent ? 'does not show it' : 'still has what it should remove'}`,
      // PowerDNS answers NOERROR where its policy denies a part (PowerDNS/pdns#8422).
      'See whether the server lets the key update these names and types (PowerDNS: lua-dnsupdate-policy-script), and what else stands there: nothing can stand beside a CNAME.',
      names,
    ).with({ kind: 'refused' });
  }
}

function isNewCname(change: Change<WrittenType>): boolean {
  return change.action === 'create' && change.desired.type === 'CNAME';
}

function isRelease(change: Change<WrittenType>): boolean {
  if (subjectOf(change).type !== 'TXT' || change.action === 'create') return false;
  return change.action === 'delete' || change.desired.values.length < change.current.values.length;
}
