/** DNS names and CNAME values here are lower-case FQDNs without a trailing dot. */

export type RecordType = 'A' | 'AAAA' | 'CNAME';
/** Those that follow the active site, and TXT for owners and claims; its values are texts without quotes. */
export type WrittenType = RecordType | 'TXT';

export interface RecordSet<T extends WrittenType = RecordType> {
  readonly name: string;
  readonly type: T;
  /** Seconds, or {@link ANY_TTL}. */
  readonly ttl: number;
  readonly values: readonly string[];
}

export type TextSet = RecordSet<'TXT'>;

/** Records of other types; their values are irrelevant. */
export interface OtherRecords {
  readonly name: string;
  /** Upper case, such as `TXT`. */
  readonly type: string;
}

/** first: what a new leader finds. drift: whether others have written. The others move records, and go before these two. */
export type ReadPurpose = 'move' | 'write' | 'first' | 'drift';

export interface ZoneQuery {
  readonly zone: string;
  /** What it is read for, where a rate limit makes reads wait for one another. Absent: `first`. */
  readonly purpose?: ReadPurpose | undefined;
  readonly names: readonly string[];
  /** Names of TXT records to read. */
  readonly texts?: readonly string[] | undefined;
  readonly abort: AbortSignal;
}

/** The answer to a ZoneQuery. */
export interface Current {
  /** The A, AAAA and CNAME record sets of the names. */
  readonly sets: readonly RecordSet[];
  /**
   * Other records at the names, as far as the provider shows them, and NS records above them, below the top of the zone. May
   * include records of other names.
   */
  readonly others: readonly OtherRecords[];
  /** Absent: none were asked for. */
  readonly texts?: readonly TextSet[];
  /** Names, also of texts, about which nothing is known, with the DnsError. */
  readonly unread?: ReadonlyMap<string, Error>;
}

/** RFC 2181 section 8. */
export const MAX_TTL = 2_147_483_647;

/** In a set that was read: the provider decides, so it equals every desired TTL. In a desired TXT set: unchanged. */
export const ANY_TTL = -1;

/** One step of a plan. `current` is what was read, so that a provider can compare and set. */
export type Change<T extends WrittenType = RecordType> =
  | { readonly action: 'create'; readonly desired: RecordSet<T> }
  | { readonly action: 'update'; readonly current: RecordSet<T>; readonly desired: RecordSet<T> }
  | { readonly action: 'delete'; readonly current: RecordSet<T> };
