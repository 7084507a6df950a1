import { type Clock, DeadlineError, sleep, withDeadline } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { retryWait } from '../calls/retry-wait.ts';
import { DnsError, type DnsProvider } from '../provider.ts';
import { aboutNames } from '../records/name-errors.ts';
import { byZone, type DnsName, longestZone } from '../zones.ts';

/** Zones seldom change, and a lookup delays a move. */
const KEPT_MS = 10 * 60_000;
/** The reason for a failure may be a change of zones. */
const KEPT_WHILE_FAILING_MS = 60_000;
/** Above those of the calls, of which there may be several, each waiting for its turn: their errors say more. */
const LIMIT_MS = 60_000;
/** How long to wait for the first list; a slower one goes on, and counts from its arrival. */
const PATIENCE_MS = 5_000;
/** The same for a new list when there is an old one. */
const RENEWAL_PATIENCE_MS = 300;

export interface ChosenZones {
  readonly namesByZone: ReadonlyMap<string, readonly string[]>;
  /** Names that may be in a zone below the registered domain, as the zones could not be listed yet. */
  readonly held: readonly HeldNames[];
  /** By `Clock.elapsed`: when those are to be chosen again. */
  readonly againAt?: number;
}

export interface HeldNames {
  /** The registered domain. */
  readonly zone: string;
  readonly names: readonly string[];
  readonly error: DnsError;
}

interface ZoneList {
  /** The last answer; undefined: none yet. */
  readonly zones: readonly string[] | undefined;
  readonly error?: DnsError;
  /** How often in a row there was none. */
  readonly failures?: number;
  readonly nextAt: number;
  readonly at: number;
}

/**
 * Chooses the zone of each record: the one stated by the user, else the longest zone of the provider that the name is in,
 * as a name server would, else the registered domain.
 */
export class ZoneChoice {
  readonly #provider: DnsProvider;
  readonly #records: readonly DnsName[];
  readonly #clock: Clock;
  readonly #onChanged: () => void;
  /** By registered domain, like the lists under way. */
  readonly #lists = new Map<string, ZoneList>();
  readonly #underWay = new Map<string, { readonly abort: AbortSignal; readonly ended: Promise<void> }>();
  #isFailing = false;

  /** `onChanged`: {@link choose} would return something else than before. */
  constructor(provider: DnsProvider, records: readonly DnsName[], clock: Clock, onChanged: () => void) {
    this.#provider = provider;
    this.#records = records;
    this.#clock = clock;
    this.#onChanged = onChanged;
  }

  /** Waits only for the first list of each domain; an old one counts until there is a new one. Rejects only with the reason of `abort`. */
  async choose(abort: AbortSignal): Promise<ChosenZones> {
    const open = byZone(this.#records.filter(isOpen));
    const due = [...open].filter(([zone]) => this.#isDue(zone));
    await Promise.all(due.map(([zone, names]) => this.#awaitList(zone, names, abort)));
    abort.throwIfAborted();
    if (due.length > 0) this.#isFailing = false;
    const chosen = this.#records.flatMap((record) => {
      const zones = isOpen(record) ? this.#lists.get(record.zone)?.zones : [];
      return zones === undefined ? [] : [{ ...record, zone: longestZone(record.name, zones) ?? record.zone }];
    });
    const held = [...open].flatMap(([zone, names]) => {
      const { zones, error } = this.#lists.get(zone) ?? {};
      return zones === undefined && error !== undefined ? [{ zone, names, error }] : [];
    });
    const waits = held.flatMap(({ zone }) => this.#lists.get(zone)?.nextAt ?? []);
    return {
      namesByZone: byZone(chosen),
      held,
      ...(waits.length > 0 && { againAt: Math.min(...waits) }),
    };
  }

  /** A record could not be written, for a reason that a person has to mend. */
  noteFailure(): void {
    this.#isFailing = true;
  }

  #isDue(zone: string): boolean {
    const list = this.#lists.get(zone);
    if (list === undefined) return true;
    const now = this.#clock.elapsed();
    return now >= list.nextAt || (this.#isFailing && now - list.at > KEPT_WHILE_FAILING_MS);
  }

  async #awaitList(zone: string, names: readonly string[], abort: AbortSignal): Promise<void> {
    const isFirst = !this.#lists.has(zone);
    const listed = this.#listOnce(zone, names, abort);
    const done = new AbortController();
    const patience = isFirst ? PATIENCE_MS : RENEWAL_PATIENCE_MS;
    const late = sleep(this.#clock, patience, AbortSignal.any([abort, done.signal]));
    await Promise.race([listed, late]);
    done.abort();
    if (this.#lists.has(zone) || abort.aborted) return;
    const now = this.#clock.elapsed();
    this.#lists.set(zone, { zones: undefined, error: notYetError(zone, names), at: now, nextAt: now });
  }

  #listOnce(zone: string, names: readonly string[], abort: AbortSignal): Promise<void> {
    const before = this.#underWay.get(zone);
    if (before !== undefined && !before.abort.aborted) return before.ended;
    const ended = this.#list(zone, names, abort).finally(() => {
      if (this.#underWay.get(zone)?.ended === ended) this.#underWay.delete(zone);
    });
    this.#underWay.set(zone, { abort, ended });
    return ended;
  }

  /** Never rejects. */
  async #list(zone: string, names: readonly string[], abort: AbortSignal): Promise<void> {
    try {
      const zones = await this.#zonesWithin(zone, names, abort);
      const known = this.#lists.get(zone);
      const at = this.#clock.elapsed();
      this.#lists.set(zone, { zones, at, nextAt: at + KEPT_MS });
      const isNew = JSON.stringify(zones) !== JSON.stringify(known?.zones);
      if (known !== undefined && isNew) this.#onChanged();
    } catch (failure) {
      if (abort.aborted) return;
      const error = heldError(zone, names, failure);
      const known = this.#lists.get(zone);
      const before = known?.zones;
      const at = this.#clock.elapsed();
      const failures = (known?.failures ?? 0) + 1;
      const wait = before === undefined ? retryWait(error, failures, () => 0.5) : KEPT_WHILE_FAILING_MS;
      this.#lists.set(zone, { zones: before, error, failures, at, nextAt: at + wait });
    }
  }

  async #zonesWithin(zone: string, names: readonly string[], abort: AbortSignal): Promise<readonly string[]> {
    const provider = this.#provider;
    if (provider.zonesWithin === undefined) return [];
    const what = `the zones below ${zone}`;
    const asked = await withDeadline(this.#clock, LIMIT_MS, abort, what, (limited) =>
      Promise.resolve(provider.zonesWithin?.(zone, names, limited)),
    );
    return asked ?? [];
  }
}

/** It may be in a longer zone. */
function isOpen({ name, zone, isStated }: DnsName): boolean {
  return isStated !== true && name !== zone;
}

function notYetError(zone: string, names: readonly string[]): DnsError {
  return new DnsError(
    `the zones of ${zone} are still being listed, so it is not known yet which one has ${names.join(', ')}: calls are under way, or wait for their turn`,
    {
      kind: 'retry',
      code: 'waiting',
      action: 'Nothing, if it passes; else write name@zone in the records.',
      names,
    },
  );
}

/** A record in the wrong, shorter zone would be below a delegation, where nobody sees it, or hide the longer zone. */
function heldError(zone: string, names: readonly string[], failure: unknown): DnsError {
  const message = `the zones of ${zone} could not be listed, so it is not known which one has ${names.join(', ')}: ${explain(failure)}`;
  if (failure instanceof DnsError) return aboutNames(failure, names, message);
  return new DnsError(message, {
    kind: 'retry',
    code: failure instanceof DeadlineError ? 'timeout' : '',
    action: 'The call is repeated; if this lasts, write name@zone in the records.',
    names,
    cause: failure,
  });
}
