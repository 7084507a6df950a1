import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { DnsError, type DnsErrorKind } from '../../dns/provider.ts';
import { NamecheapProvider } from '../../dns/providers/namecheap/provider.ts';
import { ZoneLocks } from '../../dns/zones/zone-locks.ts';
import { FakeCluster, OPS, TestLeadership } from '../../test/support/fake-cluster.ts';
import { FakeNamecheapApi } from '../../test/support/namecheap/fake-api.ts';
import { statusAt } from '../../test/support/status.ts';
import { type DnsConfig, type FollowerConfig, loadConfig } from '../config.ts';
import type { EventNote } from '../events/event-rules.ts';
import { createLog } from '../log.ts';
import { createMetrics, type Metrics } from '../metrics.ts';
import { Sites } from '../sites/sites.ts';
import type { SignalPorts } from './ports.ts';
import { createSignals } from './registry.ts';
import { sharedParts } from './shared-parts.ts';
import type { Signal } from './signal.ts';

const ENV = {
  SITES:
    '[{"name":"us","nodeName":"us-1","ip":"192.0.2.1"},{"name":"eu","nodeName":"eu-1","ip":"192.0.2.2"}]',
  DNS_RECORDS: 'db.example.com,app.example.com',
  NAMECHEAP_API_USER: 'user',
  NAMECHEAP_API_KEY: 'key',
  NAMECHEAP_CLIENT_IP: '192.0.2.99',
};

const STATUS = statusAt('', {
  activeNode: 'eu-1',
  primary: 'pg-1',
  epoch: 1,
  since: '2026-01-01T00:00:00.000Z',
  lastUpdated: '2026-01-01T00:00:00.000Z',
});

let kube: FakeCluster;
let leadership: TestLeadership;
let zone: FakeNamecheapApi;
let events: EventNote[];
let reported: unknown;
let metrics: Metrics;
let postStatus: number;

beforeEach(() => {
  kube = new FakeCluster([OPS]);
  leadership = new TestLeadership();
  zone = new FakeNamecheapApi({ db: '192.0.2.1', app: '192.0.2.1' });
  events = [];
  reported = undefined;
  postStatus = 204;
  metrics = createMetrics('test');
});

function configured(dns?: readonly DnsConfig[]): FollowerConfig {
  const loaded = loadConfig(ENV, () => '');
  assert.ok(loaded.ok);
  const [follower] = loaded.value.followers;
  return dns === undefined ? follower : { ...follower, dns };
}

function create(config = configured()): Promise<Signal[]> {
  const ports: SignalPorts = {
    ...kube.watchPorts,
    createProvider: (_config, ports) => Promise.resolve(new NamecheapProvider({ ...ports, api: zone })),
    lookup: () => Promise.resolve([]),
    locks: new ZoneLocks(),
    ...sharedParts(kube.watchPorts, ['default']),
    post: () => Promise.resolve({ status: postStatus, retryAfterMs: undefined }),
    log: createLog({ level: 'silent' }),
    metrics,
    sites: new Sites(config.sites),
    subject: { kind: 'manual' },
    statusMap: { namespace: OPS, name: 'status' },
    events: (event) => events.push(event),
    report: {
      history: [],
      get: () => undefined,
      set: (section, value) => {
        if (section === 'dns') reported = value;
      },
      save: () => Promise.resolve(),
    },
  };
  return createSignals(config, ports);
}

async function dnsSignal(): Promise<Signal> {
  const signal = (await create()).find(({ name }) => name === 'dns');
  assert.ok(signal !== undefined);
  return signal;
}

/** One application of the state in which `name` is the active site; true when it succeeded. */
async function apply(signal: Signal, name = 'eu'): Promise<boolean> {
  const site = configured().sites.find((other) => other.name === name);
  const outcome = Promise.allSettled([
    signal.apply({ follower: 'default', site, status: { ...STATUS, activeSite: name } }, leadership),
  ]);
  await kube.clock.advance(60_000);
  return (await outcome)[0]?.status === 'fulfilled';
}

async function value(metric: string, labels: string): Promise<number | undefined> {
  const line = (await metrics.expose()).split('\n').find((text) => text.startsWith(`${metric}{${labels}}`));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

describe('the signals of a follower', () => {
  test('say at their start that a move changes no record where sites have the same address', async () => {
    const { sites, ...rest } = configured();
    const [, eu] = sites;
    assert.ok(eu !== undefined);
    await create({ ...rest, sites: [{ ...eu, name: 'us', nodeNames: ['us-1'] }, eu] });
    assert.match(
      events.map(({ reason, note }) => `${reason}: ${note}`).join(),
      /^DnsNotFollowed: Sites us and eu have the ip 192\.0\.2\.2: a move between them changes no such record/,
    );
  });

  test('are what the configuration asks for', async () => {
    const names = (signals: Signal[]) => signals.map(({ name }) => name);
    assert.deepEqual(names(await create()), ['follow-services', 'pod-conditions', 'status-copies', 'dns']);
    const little = {
      ...configured([]),
      routing: {
        followServices: false,
        podConditions: false,
        conditionOrder: 'new-site-first' as const,
        nodeLabel: true,
      },
    };
    assert.deepEqual(names(await create(little)), ['status-copies', 'node-label']);
  });
});

describe('the DNS signal, as it is wired', () => {
  test('moves the records, and shows it in report and metrics', async () => {
    assert.ok(await apply(await dnsSignal()));
    assert.deepEqual(zone.addresses, { db: '192.0.2.2', app: '192.0.2.2' });
    assert.equal((reported as unknown[]).length, 2);
    const labels = 'follower="default",provider="namecheap",zone="example.com",progress=';
    assert.equal(await value('kube_site_follower_dns_records', `${labels}"wanted"`), 2);
    assert.equal(await value('kube_site_follower_dns_records', `${labels}"accepted"`), 2);
    assert.deepEqual(events, []);
  });

  test('makes one Event of a failure that repeats, with the own words and what to do', async () => {
    const signal = await dnsSignal();
    zone.failure = failure('config', '1011150');
    assert.equal(await apply(signal), false);
    assert.equal(await apply(signal), false);
    assert.deepEqual(events, [
      { reason: 'DnsFailed', note: 'Zone example.com: the provider says 1011150. Do config.' },
    ]);
    const labels = 'follower="default",provider="namecheap",zone="example.com",code="1011150"';
    assert.equal(await value('kube_site_follower_dns_failures_total', labels), 2);
  });

  test('keeps little of a provider that fails with another long code and about other names each time', async () => {
    const signal = await dnsSignal();
    const before = (await metrics.expose()).length;
    for (let at = 0; at < 60; at += 1) {
      const names = [`${at}.example.com`];
      zone.failure = failure('retry', `${at}${'x'.repeat(100_000)}`).with({ names });
      await apply(signal);
    }
    const grown = (await metrics.expose()).length - before;
    assert.ok(grown < 20_000, `${grown} characters more`);
    const labels = 'follower="default",provider="namecheap",zone="example.com",code="other"';
    assert.equal(await value('kube_site_follower_dns_failures_total', labels), 10);
  });

  test('makes another Event of another failure, also where the provider gives no code', async () => {
    const signal = await dnsSignal();
    for (const kind of ['retry', 'refused', 'retry'] as const) {
      zone.failure = failure(kind, '');
      await apply(signal);
    }
    assert.deepEqual(
      events.map(({ note }) => note.split('. ')[1]),
      ['Do retry.', 'Do refused.'],
    );
  });

  test('tells of the recovery once, and of the next failure again', async () => {
    const signal = await dnsSignal();
    for (const [site, failing] of [
      ['eu', failure('retry', '7')],
      ['eu', undefined],
      ['us', undefined],
      ['eu', failure('retry', '7')],
    ] as const) {
      zone.failure = failing;
      await apply(signal, site);
    }
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['DnsFailed', 'DnsRecovered', 'DnsFailed'],
    );
  });

  test('tells once of an AAAA that follows no site, as long as it is the same', async () => {
    const signal = await dnsSignal();
    const [first] = zone.hosts;
    assert.ok(first);
    const beside = { ...first, type: 'AAAA', address: '2001:db8::5' };
    zone.hosts = [...zone.hosts, beside];
    for (const site of ['eu', 'us', 'eu']) assert.ok(await apply(signal, site));
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['DnsNotFollowed'],
    );
    assert.match(events[0]?.note ?? '', /example\.com AAAA 2001:db8::5: no site has a setting for this type/);
    assert.ok(zone.hosts.some(({ type, address }) => type === 'AAAA' && address === beside.address));
  });

  test('changes nothing before a site is known', async () => {
    await apply(await dnsSignal(), 'nowhere');
    assert.deepEqual(zone.addresses, { db: '192.0.2.1', app: '192.0.2.1' });
  });
});

function failure(kind: DnsErrorKind, code: string): DnsError {
  return new DnsError(`the provider says ${code || kind}`, { kind, code, action: `Do ${kind}.` });
}

describe('the notifications, as they are wired', () => {
  const withTarget = async () => {
    const secret = { HOOK_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}` };
    const targets = [{ name: 'on-call', url: 'https://hooks.example/', secrets: [{ env: 'HOOK_SECRET' }] }];
    const loaded = loadConfig({ ...ENV, ...secret, NOTIFY: JSON.stringify(targets) }, () => '');
    assert.ok(loaded.ok);
    const signal = (await create(loaded.value.followers[0])).find(({ name }) => name === 'notify');
    assert.ok(signal?.watch !== undefined);
    void signal.watch(() => undefined, leadership.abort);
    return signal;
  };
  const labels = 'follower="default",target="on-call"';

  test('count what is delivered', async () => {
    assert.ok(await apply(await withTarget()));
    const delivered = await value('kube_site_follower_notifications_total', `${labels},outcome="delivered"`);
    assert.equal(delivered, 1);
    assert.equal(await value('kube_site_follower_notifications_waiting', labels), 0);
    assert.deepEqual(events, []);
  });

  test('make one Event when a target begins to fail and one when a notification is given up', async () => {
    const signal = await withTarget();
    postStatus = 503;
    await apply(signal);
    assert.equal(await apply(signal), false);
    assert.equal(await value('kube_site_follower_notifications_waiting', labels), 1);
    await kube.clock.advance(3_600_000);
    assert.deepEqual(events, [
      { reason: 'NotificationFailed', note: 'Target on-call: answered 503. Retrying' },
      { reason: 'NotificationGivenUp', note: 'Target on-call: answered 503' },
    ]);
    assert.equal(await value('kube_site_follower_notifications_total', `${labels},outcome="given-up"`), 1);
  });
});
