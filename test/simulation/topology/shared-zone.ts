import { assertPlannedFor, subjectOf } from '../../../dns/planned.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../../dns/provider.ts';
import type { Change, Current, RecordSet, TextSet, WrittenType, ZoneQuery } from '../../../dns/records.ts';
import type { SeededRandom } from '../../support/random.ts';
import type { ProcessClock, VirtualClock } from '../../support/virtual-clock.ts';
import { CALM_REGISTRAR, type Fate, type Faults } from '../faults.ts';
import { Link } from '../link.ts';
import { ADDRESSES, RECORDS, TTL } from './setup.ts';

export type Sets = readonly RecordSet<WrittenType>[];

export interface WriteCall {
  readonly actor: string;
  /** By the virtual clock. */
  readonly calledAt: number;
}

/** One set of changes that was made. */
export interface ZoneWrite<C extends WriteCall> {
  readonly call: C;
  readonly before: Sets;
  readonly after: Sets;
}

/** The only thing that the places share: a zone whose server makes a set of changes as a whole, and only if all is as it was planned for. */
export class SharedZone<C extends WriteCall> {
  readonly #onWrite: (write: ZoneWrite<C>) => void;
  #sets: Sets = RECORDS.map((name) => ({ name, type: 'A', ttl: TTL, values: [ADDRESSES.east] }));

  constructor(onWrite: (write: ZoneWrite<C>) => void) {
    this.#onWrite = onWrite;
  }

  get sets(): Sets {
    return this.#sets;
  }

  read({ names, texts = [] }: Pick<ZoneQuery, 'names' | 'texts'>): Current {
    const isText = (set: RecordSet<WrittenType>): set is TextSet => set.type === 'TXT';
    const isAddress = (set: RecordSet<WrittenType>): set is RecordSet => set.type !== 'TXT';
    return {
      sets: this.#sets.filter(isAddress).filter(({ name }) => names.includes(name)),
      others: [],
      texts: this.#sets.filter(isText).filter(({ name }) => texts.includes(name)),
    };
  }

  apply(call: C, changes: readonly Change<WrittenType>[], condition?: RecordSet<WrittenType>): void {
    const before = this.#sets;
    const compared: typeof changes = condition === undefined ? changes : [...changes, unchanged(condition)];
    for (const change of compared) assertPlannedFor(before.find(isSubjectOf(change)), change);
    for (const change of changes) {
      const rest = this.#sets.filter((set) => !isSubjectOf(change)(set));
      this.#sets = change.action === 'delete' ? rest : [...rest, change.desired];
    }
    this.#onWrite({ call, before, after: this.#sets });
  }
}

export interface ZoneConnectionPorts<C extends WriteCall> {
  readonly clock: VirtualClock;
  readonly process: ProcessClock;
  readonly random: SeededRandom;
  /** Right when the process makes a write. */
  readonly onWriteCall: () => C;
  /** Right when the process learns what is there. */
  readonly onRead: (current: Current) => void;
  readonly onTrouble: (what: string) => void;
}

const TIMEOUT_MS = 10_000;
const DRIFT_MS = 5 * 60_000;

/** How one process reaches the zone. */
export class ZoneConnection<C extends WriteCall> implements DnsProvider {
  readonly name = 'rfc2136';
  readonly driftMs = DRIFT_MS;
  readonly #zone: SharedZone<C>;
  readonly #ports: ZoneConnectionPorts<C>;
  readonly #link: Link;

  constructor(zone: SharedZone<C>, ports: ZoneConnectionPorts<C>) {
    this.#zone = zone;
    this.#ports = ports;
    this.#link = new Link({ ...ports, errors });
    this.#link.faults = CALM_REGISTRAR;
  }

  set faults(faults: Faults) {
    this.#link.faults = faults;
  }

  async read(query: ZoneQuery): Promise<Current> {
    const current = await this.#call('read', query.abort, () => this.#zone.read(query));
    this.#ports.onRead(current);
    return current;
  }

  async apply(_zone: string, changes: readonly Change<WrittenType>[], guard: WriteGuard): Promise<void> {
    guard.assertMayWrite();
    const { process, onWriteCall } = this.#ports;
    if (process.state === 'crashed') return new Promise(() => undefined);
    const call = onWriteCall();
    await this.#call('write', guard.abort, () => this.#zone.apply(call, changes, guard.condition));
    guard.onAccepted?.(changes);
  }

  #call<T>(what: 'read' | 'write', abort: AbortSignal, operate: () => T): Promise<T> {
    const { process, onTrouble } = this.#ports;
    if (process.state === 'crashed') return new Promise(() => undefined);
    return this.#link.call({
      what: `DNS ${what}`,
      timeoutMs: TIMEOUT_MS,
      abort,
      mayConflict: false,
      operate,
      onTrouble: (fate: Fate | 'cut off') => onTrouble(`DNS ${what}: ${fate}`),
    });
  }
}

function unchanged(set: RecordSet<WrittenType>): Change<WrittenType> {
  return { action: 'update', current: set, desired: set };
}

function isSubjectOf(change: Change<WrittenType>): (set: RecordSet<WrittenType>) => boolean {
  const { name, type } = subjectOf(change);
  return (set) => set.name === name && set.type === type;
}

const retryable = (message: string) => new DnsError(message, { kind: 'retry', action: 'Nothing.' });
const errors = {
  unreachable: (what: string) => retryable(`${what}: connection refused`),
  tooMany: () =>
    new DnsError('too many requests', { kind: 'rate', action: 'Nothing.', retryAfterMs: 20_000 }),
  serverError: (what: string) => retryable(`${what}: SERVFAIL`),
  conflict: (what: string) => retryable(what),
  noAnswer: (what: string) => retryable(`${what}: no answer`),
};
