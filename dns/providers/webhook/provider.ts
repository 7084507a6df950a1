import type { Clock } from '../../../runtime/clock.ts';
import { readBack } from '../../calls/read-back.ts';
import { notSaved } from '../../errors.ts';
import { sameRecordSet, sameValues, setAt } from '../../plan.ts';
import { isMade, namesOf, subjectOf } from '../../planned.ts';
import type { DnsProvider, WriteGuard } from '../../provider.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from '../../records/authoritative.ts';
import {
  type Edit,
  type Endpoint,
  editsOf,
  isProxied,
  nameOf,
  otherRecords,
  recordSets,
} from '../../records/endpoint.ts';
import { HiddenRecords } from '../../records/hidden-records.ts';
import { ofEach } from '../../records/name-errors.ts';
import { currentOf, isFollowingSet } from '../../records/record-sets.ts';
import type { Change, Current, RecordSet, WrittenType, ZoneQuery } from '../../records.ts';
import type { ApiChanges, WebhookApi } from './api.ts';
import { describeFilter, serves } from './domain-filter.ts';
import { notServed, notTaken } from './errors.ts';

/** Each read may list a whole zone, and count against an unknown rate limit. */
const DRIFT_MS = 10 * 60_000;
const READ_BACK_AFTER_MS = [0, 1_000, 3_000];

/** The protocol has no compare-and-set and no transactions: records are read right before and after each write. */
export class WebhookProvider implements DnsProvider {
  readonly name = 'webhook';
  readonly driftMs = DRIFT_MS;
  readonly appliesInPart = true;
  // The protocol does not define the form of texts: ExternalDNS's rfc2136 provider shows them bare, and splits bare ones.
  readonly mayHarmTexts = true;
  readonly #api: WebhookApi;
  readonly #clock: Clock;
  readonly #hidden = new HiddenRecords('the provider');

  constructor(api: WebhookApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  async read(query: ZoneQuery): Promise<Current> {
    const { zone, names, texts = [], purpose = 'first', abort } = query;
    const filter = await this.#api.negotiate(abort);
    const strange = [...names, ...texts].filter((name) => !serves(filter, name));
    const unread = new Map(strange.map((name) => [name, notServed(name, zone, describeFilter(filter))]));
    const [first] = unread.values();
    if (first !== undefined && names.every((name) => unread.has(name))) throw first;
    const endpoints = await this.#api.records(abort, purpose);
    this.#noteHidden(names, endpoints);
    return currentOf(recordSets(endpoints), otherRecords(endpoints), query, unread);
  }

  async apply(zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    await this.#api.limiter.awaitWrite(zone, guard.superseded ?? guard.abort);
    const left = await this.#write(zone, changes, guard);
    if (left.length === 0) return;
    // Some providers create before they delete, which fails for a CNAME in place of addresses and the reverse.
    const isAbsent = left.every(({ shown, desired }) => shown === undefined && desired !== undefined);
    const again = left.flatMap(({ desired }): Change<WrittenType>[] =>
      desired ? [{ action: 'create', desired }] : [],
    );
    if (isAbsent && (await this.#write(zone, again, guard)).length === 0) return;
    const names = [...new Set(left.map(({ name }) => name))];
    throw notSaved(
      `the provider accepted the change of ${names.join(', ')} but does not show it`,
      'It is tried again; if this lasts, see the log of the provider.',
      names,
    );
  }

  async lookup(query: RecordQuery, ask: AuthoritativeLookup): Promise<readonly ServerAnswer[]> {
    return this.#hidden.answer(query.name, query.type) ?? ask(query);
  }

  /** Resolves with the changes that the provider does not show afterwards. */
  async #write(
    zone: string,
    changes: readonly Change<WrittenType>[],
    guard: WriteGuard,
  ): Promise<readonly Unmade[]> {
    const { abort } = guard;
    const edits = await this.#adjusted(editsOf(await this.#api.records(abort, 'write'), changes), abort);
    const needed = edits.filter(isNeeded);
    if (needed.length === 0) return [];
    await this.#api.apply(zone, apiChanges(needed), () => guard.assertMayWrite(), abort);
    const expected = changes.map((change, index) => asAdjusted(change, edits[index]));
    const names = namesOf(changes);
    return readBack({ clock: this.#clock, delaysMs: READ_BACK_AFTER_MS, abort }, async () => {
      const endpoints = await this.#api.records(abort, 'write');
      this.#noteHidden(names, endpoints);
      const shown = recordSets(endpoints);
      return expected.filter((change) => !isMade(change, shown)).map((change) => unmade(change, shown));
    });
  }

  #noteHidden(names: readonly string[], endpoints: readonly Endpoint[]): void {
    const proxied = new Set(endpoints.filter(isProxied).map(nameOf));
    const sets = recordSets(endpoints).filter(isFollowingSet);
    this.#hidden.note(names, sets, (name) => (proxied.has(name) ? 'proxied' : undefined));
  }

  /**
   * As the provider would keep them, e.g. with a longer TTL or settings of its own. What it would keep with other values
   * is not what is desired. TXT records are made without this question, as ExternalDNS itself makes its own.
   */
  async #adjusted(edits: readonly Edit[], abort: AbortSignal): Promise<readonly Edit[]> {
    const desired = edits.flatMap(({ after }) => (after === undefined || isText(after) ? [] : [after]));
    if (desired.length === 0) return edits;
    const answers = await this.#api.adjust(desired, abort);
    return ofEach(edits, ({ before, after }) => {
      const [target] = after === undefined || isText(after) ? [] : recordSets([after]);
      if (target === undefined) return { before, after };
      const kept = answers.filter((endpoint) => isAbout(endpoint, target));
      const [set] = recordSets(kept);
      if (kept.length !== 1 || set === undefined || !sameValues(set.values, target.values)) {
        throw notTaken(target.name, target.type);
      }
      return { before, after: kept[0] };
    });
  }
}

function isText({ recordType }: Endpoint): boolean {
  return recordType === 'TXT';
}

function isAbout(endpoint: Endpoint, { name, type }: RecordSet<WrittenType>): boolean {
  const [set] = recordSets([endpoint]);
  return set?.name === name && set.type === type;
}

/** Compares with what the provider would keep: one with a longer minimum TTL would otherwise be written again and again. */
function isNeeded({ before, after }: Edit): boolean {
  const [[there], [target]] = [recordSets(before), after === undefined ? [] : recordSets([after])];
  return there === undefined || target === undefined || before.length > 1 || !sameRecordSet(there, target);
}

function asAdjusted(change: Change<WrittenType>, edit: Edit | undefined): Change<WrittenType> {
  const [desired] = edit?.after === undefined ? [] : recordSets([edit.after]);
  return change.action === 'delete' || desired === undefined ? change : { ...change, desired };
}

function apiChanges(edits: readonly Edit[]): ApiChanges {
  const updates = edits.flatMap(({ before: [old], after }) => (old && after ? [{ old, after }] : []));
  return {
    create: edits.flatMap(({ before, after }) => (before.length === 0 && after ? [after] : [])),
    updateOld: updates.map(({ old }) => old),
    updateNew: updates.map(({ after }) => after),
    delete: edits.flatMap(({ before, after }) => (after ? before.slice(1) : before)),
  };
}

interface Unmade {
  readonly name: string;
  /** What is there instead. */
  readonly shown: RecordSet<WrittenType> | undefined;
  readonly desired: RecordSet<WrittenType> | undefined;
}

function unmade(change: Change<WrittenType>, sets: readonly RecordSet<WrittenType>[]): Unmade {
  const subject = subjectOf(change);
  return {
    name: subject.name,
    shown: setAt(sets, subject),
    desired: 'desired' in change ? change.desired : undefined,
  };
}
