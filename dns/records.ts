/** DNS names here are lower-case FQDNs without a trailing dot; values likewise for CNAME. */

export type RecordType = 'A' | 'AAAA' | 'CNAME';
/** Those that follow the active site, and TXT for who owns them: its values are texts, without quotes. */
export type WrittenType = RecordType | 'TXT';

export interface RecordSet<T extends WrittenType = RecordType> {
  readonly name: string;
  readonly type: T;
  /** Seconds. {@link ANY_TTL} in what was read: the provider decides, and a desired one does not count. */
  readonly ttl: number;
  readonly values: readonly string[];
}

export type TextSet = RecordSet<'TXT'>;

/** Records of other types; their values do not matter here. */
export interface OtherRecords {
  readonly name: string;
  /** Upper case, such as `TXT`. */
  readonly type: string;
}

/** What is to be read of a zone. */
export interface ZoneQuery {
  readonly zone: string;
  readonly names: readonly string[];
  /** Names of which the TXT records are asked for, too. */
  readonly texts?: readonly string[] | undefined;
  readonly abort: AbortSignal;
}

/** What a zone has at some names. */
export interface Current {
  /** The A, AAAA and CNAME record sets of the names. */
  readonly sets: readonly RecordSet[];
  /**
   * What else stands at the names as far as the provider shows them, and NS records above them, below the top of the zone. May
   * have records of other names, too.
   */
  readonly others: readonly OtherRecords[];
  /** The TXT record sets of the names that were asked for. Absent: none were. */
  readonly texts?: readonly TextSet[];
  /** Of which of the names that were asked for, those of texts included, nothing is known, and the DnsError why. Absent: of none. */
  readonly unread?: ReadonlyMap<string, Error>;
}

/** The longest TTL that there is, RFC 2181 section 8. */
export const MAX_TTL = 2_147_483_647;

/** As a TTL of what was read: equal to any that is desired. In a desired TXT set: as it is. */
export const ANY_TTL = -1;

/** One step of a plan: what was read and what shall be. Both are given, so that a provider can compare and set. */
export type Change<T extends WrittenType = RecordType> =
  | { readonly action: 'create'; readonly desired: RecordSet<T> }
  | { readonly action: 'update'; readonly current: RecordSet<T>; readonly desired: RecordSet<T> }
  | { readonly action: 'delete'; readonly current: RecordSet<T> };
