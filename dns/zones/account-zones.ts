import type { Clock } from '../../runtime/clock.ts';
import { SharedQuestion } from '../calls/shared-question.ts';
import { hostInZone } from '../zones.ts';
import { KnownZones, type ZoneKey } from './known-zones.ts';

export interface ZoneLists<Z> {
  /** All zones that the account sees, page by page; undefined if there are more pages than `mostPages` says, or it cannot be told. */
  readonly all: (mostPages: () => number, abort: AbortSignal) => Promise<readonly Z[] | undefined>;
  /** Those at and below a name. */
  readonly within: (name: string, abort: AbortSignal) => Promise<readonly Z[]>;
  /** Those of this very name. */
  readonly named: (name: string, abort: AbortSignal) => Promise<readonly Z[]>;
}

/** Some thousand zones; an account with more is asked for each name. */
const MOST_BYTES = 2_000_000;
const MOST_PAGES = 100;
/** In two calls a single name is not asked for either, where the first page is not all. */
const LEAST_PAGES = 2;
/** Of a zone beside its name and id. */
const BYTES_A_ZONE = 200;
/** As long as the choice of zones is kept. */
const RECENT_MS = 10 * 60_000;

/**
 * The zones of an account, listed once for all names that ask at the same time: with hundreds of domains a call for each would use up
 * what the moves of their records need. An account that has more pages of zones than there are names is asked for each name.
 */
export class AccountZones<Z> {
  readonly #clock: Clock;
  readonly #keyOf: (zone: Z) => ZoneKey;
  readonly #lists: ZoneLists<Z>;
  /** Names that were asked for, all of them of the configuration. */
  readonly #names = new Set<string>();
  readonly #listing: SharedQuestion<readonly Z[] | undefined>;
  /** Those that records are read from and written to. */
  readonly #inUse: KnownZones<Z>;
  /** By name, and by `Clock.elapsed`: how old the list is that those in use were last compared with. */
  readonly #comparedWith = new Map<string, number>();
  #last: { readonly zones: readonly Z[]; readonly at: number } | undefined;
  /** So many pages were not all. */
  #pagesInVain = 0;

  constructor(keyOf: (zone: Z) => ZoneKey, lists: ZoneLists<Z>, clock: Clock) {
    this.#clock = clock;
    this.#keyOf = keyOf;
    this.#lists = lists;
    this.#listing = new SharedQuestion((abort) => this.#listAll(abort));
    this.#inUse = new KnownZones(keyOf);
  }

  /** Those at and below `name` that count, as they are now. */
  async within(
    name: string,
    abort: AbortSignal,
    counts: (zone: Z) => boolean = () => true,
  ): Promise<readonly Z[]> {
    const all = await this.#all(name, abort);
    const found = all ?? (await this.#lists.within(name, abort));
    return this.#compare(name, found, counts, this.#clock.elapsed());
  }

  /**
   * For a look for differences. Where nobody asks what is within `name`, as for a zone that the user states, one in use may have gone
   * or count no more, and its API still take what nobody sees.
   */
  async renew(name: string, abort: AbortSignal, counts: (zone: Z) => boolean): Promise<void> {
    const isRecent = (at: number) => this.#clock.elapsed() - at < RECENT_MS;
    if (isRecent(this.#comparedWith.get(name) ?? Number.NEGATIVE_INFINITY)) return;
    const last = this.#last;
    if (last === undefined || !isRecent(last.at)) await this.within(name, abort, counts);
    else this.#compare(name, last.zones, counts, last.at);
  }

  #compare(name: string, zones: readonly Z[], counts: (zone: Z) => boolean, at: number): readonly Z[] {
    const isWithin = (zone: Z) => hostInZone(this.#keyOf(zone).name, name) !== undefined;
    const found = zones.filter((zone) => isWithin(zone) && counts(zone));
    this.#inUse.setAll(name, found);
    this.#comparedWith.set(name, at);
    return found;
  }

  /** The one in use of this name, which `find` gives where none is. */
  async inUse(name: string, find: () => Promise<Z>): Promise<Z> {
    const known = this.#inUse.get(name);
    if (known !== undefined) return known;
    const zone = await find();
    this.#inUse.set(name, zone);
    return zone;
  }

  /** Those of this very name, as they were listed last; as they are now if there was none. */
  async named(name: string, abort: AbortSignal): Promise<readonly Z[]> {
    const isIt = (zone: Z) => this.#keyOf(zone).name === name;
    const known = this.#last?.zones.filter(isIt) ?? [];
    if (known.length > 0) return known;
    const all = await this.#all(name, abort);
    return all?.filter(isIt) ?? (await this.#lists.named(name, abort));
  }

  /** It is not there any more, or has another id. */
  forget(name: string): void {
    this.#inUse.forget(name);
    this.#last = undefined;
  }

  /** Undefined: each name has to be asked for. */
  async #all(name: string, abort: AbortSignal): Promise<readonly Z[] | undefined> {
    this.#names.add(name);
    // It is tried again with twice as many names: so it takes few calls, however many there are in the end.
    if (2 * this.#pagesInVain > this.#names.size) return undefined;
    return await this.#listing.answer(abort);
  }

  async #listAll(abort: AbortSignal): Promise<readonly Z[] | undefined> {
    // More names are asked for while the first page is on its way.
    const mostPages = () => Math.min(MOST_PAGES, Math.max(LEAST_PAGES, this.#names.size));
    const zones = (await this.#lists.all(mostPages, abort)) ?? [];
    const isSmall = this.#bytesOf(zones) <= MOST_BYTES;
    const isWhole = zones.length > 0 && isSmall;
    if (!isWhole) this.#pagesInVain = isSmall ? mostPages() : Number.POSITIVE_INFINITY;
    this.#last = isWhole ? { zones, at: this.#clock.elapsed() } : undefined;
    return this.#last?.zones;
  }

  #bytesOf(zones: readonly Z[]): number {
    return zones
      .map((zone) => this.#keyOf(zone))
      .reduce((sum, { name, id }) => sum + name.length + id.length + BYTES_A_ZONE, 0);
  }
}
