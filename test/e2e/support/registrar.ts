/** The stand-in for Namecheap, which the controller in the cluster asks at an address of this host. */
import assert from 'node:assert/strict';
import { richZone } from '../../support/namecheap-offline.ts';
import { NamecheapStandIn } from '../../support/namecheap-server.ts';
import type { StandInZone } from '../../support/namecheap-zones.ts';
import { until } from '../../support/until.ts';

const ZONE = 'example.com';
const HOST = 'app';
export const RECORD = `${HOST}.${ZONE}`;
/** Writes wait for their turn when moves come fast: two in 20 seconds at most. */
const FOLLOW_MS = 45_000;

export class Registrar {
  readonly #standIn: NamecheapStandIn;
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #foreign: string;

  private constructor(standIn: NamecheapStandIn, addresses: ReadonlyMap<string, string>) {
    this.#standIn = standIn;
    this.#addresses = addresses;
    this.#foreign = recordsOfOthers(standIn.zone(ZONE));
  }

  /** `host` is an address of this machine; `addresses` are those of the sites. */
  static async start(host: string, addresses: ReadonlyMap<string, string>): Promise<Registrar> {
    const zones = { [ZONE]: { emailType: 'MX', isUsingOurDns: true, hosts: richZone() } };
    return new Registrar(await NamecheapStandIn.start({ zones, host }), addresses);
  }

  get url(): string {
    return this.#standIn.url;
  }

  /** The record names this site alone. Resolves to when the last write was accepted, milliseconds since 1970. */
  async follows(site: string): Promise<number> {
    const address = this.#addresses.get(site);
    const points = () =>
      this.#standIn.zone(ZONE).hosts.filter(({ name, type }) => name === HOST && type === 'A');
    await until(`${RECORD} names ${site}`, () => points()[0]?.address === address || undefined, {
      timeoutMs: FOLLOW_MS,
    });
    assert.deepEqual(
      points().map((host) => host.address),
      [address],
    );
    this.othersAreUntouched();
    return this.#standIn.calls.findLast(({ command }) => command === 'setHosts')?.at ?? Number.NaN;
  }

  othersAreUntouched(): void {
    assert.equal(
      recordsOfOthers(this.#standIn.zone(ZONE)),
      this.#foreign,
      'other records of the zone were touched',
    );
  }

  /** Calls back with the site that the record names, each time that it names another. */
  onChange(tell: (site: string) => void): void {
    const follow = async (last: string | undefined): Promise<never> => {
      await this.#standIn.until(ZONE, (zone) => this.#siteOf(zone) !== last);
      const now = this.#siteOf(this.#standIn.zone(ZONE));
      if (now !== undefined) tell(now);
      return follow(now);
    };
    follow(this.#siteOf(this.#standIn.zone(ZONE))).catch((error: unknown) => console.error(error));
  }

  #siteOf({ hosts }: StandInZone): string | undefined {
    const point = hosts.find(({ name, type }) => name === HOST && type === 'A');
    return [...this.#addresses].find(([, address]) => address === point?.address)?.[0];
  }

  stop(): Promise<void> {
    return this.#standIn.stop();
  }
}

function recordsOfOthers({ emailType, hosts }: StandInZone): string {
  return JSON.stringify([emailType, hosts.filter(({ name }) => name !== HOST)]);
}
