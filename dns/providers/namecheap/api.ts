/**
 * The three calls of the Namecheap API that a zone needs. http.ts speaks to the real one; tests and the simulation
 * put their own here. All fail with DnsError or with the reason of `abort`.
 */

/** One host record, every text as the API gave it: nothing here may be lost or changed on the way back. */
export interface Host {
  /** Relative to the zone: `@` for the apex. */
  readonly name: string;
  readonly type: string;
  readonly address: string;
  /** Decimal; meaningful for MX alone but present on every record. */
  readonly mxPref: string;
  /** Decimal seconds; `1799` stands for "automatic". */
  readonly ttl: string;
  /** The API shows these two but takes neither back: a record where they matter would be harmed by a write. */
  readonly isActive: boolean;
  readonly isDdnsEnabled: boolean;
  /** What else the API shows of it, as `name="value"`: no parameter of a write is known for it. Absent: nothing. */
  readonly unknown?: readonly string[];
}

export interface HostList {
  /** The zone that the answer says it is about. */
  readonly domain: string;
  /** Zone-wide mail setting (`NONE`, `MX`, `MXE`, `FWD`, `OX`, `GMAIL`); without it a write breaks mail. */
  readonly emailType: string;
  /** False: the zone is served elsewhere and a write here is seen by nobody. */
  readonly isUsingOurDns: boolean;
  readonly hosts: readonly Host[];
}

export interface NamecheapApi {
  getHosts(zone: string, abort: AbortSignal): Promise<HostList>;
  /** Replaces ALL host records of the zone. */
  setHosts(zone: string, hosts: readonly Host[], emailType: string, abort: AbortSignal): Promise<void>;
  /** How many host records the registrar counts in the zone; undefined when it does not say. */
  countHosts(zone: string, abort: AbortSignal): Promise<number | undefined>;
}
