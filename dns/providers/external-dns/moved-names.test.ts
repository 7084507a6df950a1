/** A name that gets another zone or follower: ExternalDNS must not be asked for it by two objects. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi } from '../../../kubernetes/api.ts';
import { systemClock as clock } from '../../../runtime/clock.ts';
import { followedZone } from '../../../test/support/dns/followed-zone.ts';
import { MAX_TTL, type RecordSet } from '../../records.ts';
import type { DnsEndpoint } from './dns-endpoint.ts';
import { ExternalDnsProvider } from './provider.ts';

const APP = 'app.dev.example.com';
const WWW = 'www.dev.example.com';

/** Objects as an API server keeps them, with compare-and-set, as far as the provider asks for it. */
class Objects {
  readonly stored = new Map<string, DnsEndpoint>();
  /** Names of objects in the order they were written. */
  readonly writes: string[] = [];
  #version = 0;

  readonly api: Pick<KubeApi, 'get' | 'list' | 'patch'> = {
    get: <T>(_: unknown, { name }: { readonly name: string }) => Promise.resolve(this.stored.get(name) as T),
    list: <T>(_: unknown, { labelSelector = '' }: { readonly labelSelector?: string } = {}) => {
      const wanted = labelSelector.split(',').map((each) => each.split('='));
      const items = [...this.stored.values()].filter(({ metadata: { labels = {} } }) =>
        wanted.every(([key = '', value]) => labels[key] === value),
      );
      return Promise.resolve({ items: items as T[], resourceVersion: '' });
    },
    patch: <T>(_: unknown, { name }: { readonly name: string }, body: unknown) => {
      const object = body as DnsEndpoint;
      assert.equal(object.metadata.resourceVersion, this.stored.get(name)?.metadata.resourceVersion);
      this.#version += 1;
      this.writes.push(name);
      const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
      this.stored.set(name, { ...object, metadata });
      return Promise.resolve(object as T);
    },
  };

  /** What is asked for, an object a line. */
  asked(): readonly string[] {
    return [...this.stored].map(([name, { spec }]) => {
      const endpoints = (spec?.endpoints ?? []).map(
        ({ dnsName, recordType, targets }) => ` ${dnsName} ${recordType} ${targets?.join()}`,
      );
      return `${name}:${endpoints.join(';')}`;
    });
  }

  /** A controller, from its start on. */
  follower(name: string, zone: string, names: readonly string[], source = 'own') {
    const provider = new ExternalDnsProvider(this.api as KubeApi, 'dns', name, source);
    const { follow } = followedZone(zone, names, { provider, clock, owned: ['A', 'CNAME'] });
    return (value: string, type: 'A' | 'CNAME' = 'A', ttl = 60) =>
      follow(names.map((each): RecordSet => ({ name: each, type, ttl, values: [value] })));
  }
}

const OLD = 'kube-site-follower-example.com';

test('also with the highest TTL that there is', async () => {
  const objects = new Objects();
  await objects.follower('default', 'example.com', [APP])('192.0.2.1', 'A', MAX_TTL);
  await objects.follower('shop', 'example.com', [APP])('192.0.2.1', 'A', MAX_TTL);
  assert.deepEqual(objects.asked(), [`${OLD}:`, `kube-site-follower-shop-example.com: ${APP} A 192.0.2.1`]);
});

for (const [what, follower, zone] of [
  ['zone', 'default', 'dev.example.com'],
  ['follower', 'shop', 'example.com'],
] as const) {
  const now = `kube-site-follower-${follower === 'default' ? '' : `${follower}-`}${zone}`;

  test(`with another ${what} it leaves the object of before, without a move, and the others stay there`, async () => {
    const objects = new Objects();
    await objects.follower('default', 'example.com', [APP, WWW])('192.0.2.1');
    await objects.follower(follower, zone, [APP])('192.0.2.1');
    assert.deepEqual(objects.asked(), [`${OLD}: ${WWW} A 192.0.2.1`, `${now}: ${APP} A 192.0.2.1`]);
    assert.deepEqual(objects.writes, [OLD, now, OLD], 'it is in the new one before it leaves the old one');
  });

  test(`with another ${what} at a move, to a record of another type`, async () => {
    const objects = new Objects();
    await objects.follower('default', 'example.com', [APP])('192.0.2.1');
    await objects.follower(follower, zone, [APP])('west.example.org', 'CNAME');
    assert.deepEqual(objects.asked(), [`${OLD}:`, `${now}: ${APP} CNAME west.example.org`]);
  });
}

test('nothing is written when nothing differs', async () => {
  const objects = new Objects();
  await objects.follower('default', 'example.com', [APP])('192.0.2.1');
  await objects.follower('shop', 'example.com', [WWW])('192.0.2.1');
  objects.writes.length = 0;
  await objects.follower('default', 'example.com', [APP])('192.0.2.1');
  assert.deepEqual(objects.writes, []);
});

test('settings that somebody has added to the record go with it', async () => {
  const objects = new Objects();
  await objects.follower('default', 'example.com', [APP])('192.0.2.1');
  const old = objects.stored.get(OLD);
  const providerSpecific = [{ name: 'external-dns.alpha.kubernetes.io/cloudflare-proxied', value: 'true' }];
  const [endpoint] = old?.spec?.endpoints ?? [];
  assert.ok(old !== undefined && endpoint !== undefined);
  objects.stored.set(OLD, { ...old, spec: { endpoints: [{ ...endpoint, providerSpecific }] } });
  await objects.follower('default', 'dev.example.com', [APP])('192.0.2.2');
  const [moved] = objects.stored.get('kube-site-follower-dev.example.com')?.spec?.endpoints ?? [];
  assert.deepEqual(moved, { ...endpoint, targets: ['192.0.2.2'], providerSpecific });
});

test('what the controller of another namespace keeps is left alone', async () => {
  const objects = new Objects();
  await objects.follower('other', 'example.com', [APP], 'elsewhere')('192.0.2.1');
  await objects.follower('default', 'example.com', [APP])('192.0.2.2');
  assert.deepEqual(objects.asked(), [
    `kube-site-follower-other-example.com: ${APP} A 192.0.2.1`,
    `${OLD}: ${APP} A 192.0.2.2`,
  ]);
});
