/** The fake for Namecheap, which the controller in the cluster asks at an address of this host. */
import assert from 'node:assert/strict';
import { FakeNamecheap } from '../../support/namecheap/fake-namecheap.ts';
import { richZone } from '../../support/namecheap/scene.ts';
import type { FakeZone } from '../../support/namecheap/zones.ts';
import { until } from '../../support/until.ts';

const ZONE = 'example.com';
const HOST = 'app';
export const RECORD = `${HOST}.${ZONE}`;
/** Writes wait for their turn when moves come fast: two in 20 seconds at most. */
const FOLLOW_MS = 45_000;

export class Registrar {
  readonly #fake: FakeNamecheap;
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #foreign: string;

  private constructor(fake: FakeNamecheap, addresses: ReadonlyMap<string, string>) {
    this.#fake = fake;
    this.#addresses = addresses;
    this.#foreign = recordsOfOthers(fake.zone(ZONE));
  }

  /** `host` is an address of this machine; `addresses` are those of the sites. */
  static async start(host: string, addresses: ReadonlyMap<string, string>): Promise<Registrar> {
    const zones = { [ZONE]: { emailType: 'MX', isUsingOurDns: true, hosts: richZone() } };
    return new Registrar(await FakeNamecheap.start({ zones, host }), addresses);
  }

  get url(): string {
    return this.#fake.url;
  }

  /** The record names this site alone. Resolves to when the last write was accepted, milliseconds since 1970. */
  async follows(site: string): Promise<number> {
    const address = this.#addresses.get(site);
    const points = () =>
      this.#fake.zone(ZONE).hosts.filter(({ name, type }) => name === HOST && type === 'A');
    await until(`${RECORD} names ${site}`, () => points()[0]?.address === address || undefined, {
      timeoutMs: FOLLOW_MS,
    });
    assert.deepEqual(
      points().map((host) => host.address),
      [address],
    );
    this.othersAreUntouched();
    return this.#fake.calls.findLast(({ command }) => command === 'setHosts')?.at ?? Number.NaN;
  }

  othersAreUntouched(): void {
    assert.equal(
      recordsOfOthers(this.#fake.zone(ZONE)),
      this.#foreign,
      'other records of the zone were touched',
    );
  }

  /** Calls back with the site that the record names, each time that it names another. */
  onChange(tell: (site: string) => void): void {
    const follow = async (last: string | undefined): Promise<never> => {
      await this.#fake.until(ZONE, (zone) => this.#siteOf(zone) !== last);
      const now = this.#siteOf(this.#fake.zone(ZONE));
      if (now !== undefined) tell(now);
      return follow(now);
    };
    follow(this.#siteOf(this.#fake.zone(ZONE))).catch((error: unknown) => console.error(error));
  }

  #siteOf({ hosts }: FakeZone): string | undefined {
    const point = hosts.find(({ name, type }) => name === HOST && type === 'A');
    return [...this.#addresses].find(([, address]) => address === point?.address)?.[0];
  }

  stop(): Promise<void> {
    return this.#fake.stop();
  }
}

function recordsOfOthers({ emailType, hosts }: FakeZone): string {
  return JSON.stringify([emailType, hosts.filter(({ name }) => name !== HOST)]);
}
