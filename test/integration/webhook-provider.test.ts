/** What only the webhook protocol of ExternalDNS has; the contract of all providers is in dns-providers.test.ts. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { DnsError } from '../../dns/provider.ts';
import type { Change, RecordSet } from '../../dns/records.ts';
import { FakeWebhookProvider } from '../support/dns/fake-webhook-provider.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { connect, SkippingClock } from '../support/dns/harness.ts';
import { startWebhookHarness } from '../support/dns/webhook-harness.ts';
import { createScene, EAST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const plane = await sharedControlPlane();

const ZONE = 'example.com';
const APP = `app.${ZONE}`;
const abort = new AbortController().signal;
const guard = { abort, assertMayWrite: () => undefined };
const one: RecordSet = { name: APP, type: 'A', ttl: 60, values: ['192.0.2.1'] };
const two: RecordSet = { ...one, values: ['192.0.2.2'] };

async function open(t: TestContext, ...domains: string[]) {
  const fake = new FakeWebhookProvider(...domains);
  const url = await fake.start();
  t.after(() => fake.stop());
  const harness = await startWebhookHarness(t);
  const environment = { ...harness.environment, DNS_WEBHOOK_URL: url };
  return { fake, provider: await connect(harness, environment, { ends: t }) };
}

function refusal(promise: Promise<unknown>): Promise<DnsError> {
  return promise.then(
    () => assert.fail('this must be refused'),
    (error: DnsError) => error,
  );
}

test('what the provider knows of a record stays when its address changes', async (t) => {
  const { fake, provider } = await open(t, ZONE);
  const labels = { owner: 'ann' };
  const providerSpecific = [{ name: 'webhook/weight', value: '5' }];
  const there = { dnsName: APP, recordType: 'A', recordTTL: 60, labels, providerSpecific };
  fake.endpoints = [{ ...there, targets: ['192.0.2.1'] }];
  await provider.apply(ZONE, [{ action: 'update', current: one, desired: two }], guard);
  assert.deepEqual(fake.endpoints, [{ ...there, targets: ['192.0.2.2'] }]);
  assert.deepEqual(fake.violations, []);
});

test('a new record gets what the provider adds', async (t) => {
  const { fake, provider } = await open(t, ZONE);
  await provider.apply(ZONE, [{ action: 'create', desired: one }], guard);
  const [made] = fake.endpoints;
  assert.deepEqual(made?.providerSpecific, [{ name: 'webhook/fake-proxied', value: 'false' }]);
});

test('of a proxied record the provider alone can tell', async (t) => {
  const { fake, provider } = await open(t, ZONE);
  const providerSpecific = [{ name: 'external-dns.alpha.kubernetes.io/cloudflare-proxied', value: 'true' }];
  const there = { dnsName: APP, recordType: 'A', recordTTL: 60, targets: ['192.0.2.1'] };
  const ask = () => Promise.resolve([{ server: 'ns1', values: ['203.0.113.9'] }]);
  const seen = async () => {
    await provider.read({ zone: ZONE, names: [APP], abort });
    return provider.lookup?.({ zone: ZONE, name: APP, type: 'A', abort }, ask);
  };
  fake.endpoints = [there];
  assert.deepEqual(await seen(), [{ server: 'ns1', values: ['203.0.113.9'] }]);
  fake.endpoints = [{ ...there, providerSpecific }];
  assert.deepEqual(await seen(), [
    { server: 'the provider (proxied)', values: ['192.0.2.1'], hidden: 'proxied' },
  ]);
});

test('a TTL that the provider keeps longer is no reason to write again', async (t) => {
  const { fake, provider } = await open(t, ZONE);
  fake.leastTtl = 300;
  await provider.apply(ZONE, [{ action: 'create', desired: one }], guard);
  const {
    sets: [found],
  } = await provider.read({ zone: ZONE, names: [APP], abort });
  assert.ok(found !== undefined);
  assert.equal(found.ttl, 300);
  await provider.apply(ZONE, [{ action: 'update', current: found, desired: one }], guard);
  assert.equal(fake.writes, 1);
});

test('a provider that does not say a TTL is not asked for another one', async (t) => {
  const { fake, provider } = await open(t, ZONE);
  fake.endpoints = [{ dnsName: `${APP}.`, recordType: 'A', targets: ['192.0.2.1'] }];
  assert.deepEqual((await provider.read({ zone: ZONE, names: [APP], abort })).sets, [{ ...one, ttl: -1 }]);
});

test('a set of a routing policy is not replaced', async (t) => {
  const { fake, provider } = await open(t, ZONE);
  const set = { dnsName: APP, recordType: 'A', targets: ['192.0.2.1'], setIdentifier: 'east' };
  fake.endpoints = [set];
  const {
    sets: [found],
  } = await provider.read({ zone: ZONE, names: [APP], abort });
  assert.ok(found !== undefined);
  const changes: Change[] = [{ action: 'update', current: found, desired: two }];
  assert.equal((await refusal(provider.apply(ZONE, changes, guard))).code, 'special');
  assert.deepEqual(fake.endpoints, [set]);
});

for (const [what, reply, kind, code] of [
  [
    'an HTML page',
    { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
    'config',
    'protocol',
  ],
  [
    'the media type with a space in it',
    {
      status: 200,
      headers: { 'content-type': 'application/external.dns.webhook+json; version=1' },
      body: '{}',
    },
    'config',
    'protocol',
  ],
  ['something cut off', { status: 200, body: '{"include":["exam' }, 'config', 'protocol'],
  ['a redirect', { status: 302, headers: { location: 'http://192.0.2.1/' } }, 'config', 'protocol'],
  ['nothing there', { status: 404, body: 'page not found' }, 'config', 'protocol'],
  ['a failure inside', { status: 500, body: 'Failed to get Records' }, 'retry', '500'],
  ['a refusal', { status: 422, body: 'no such zone' }, 'refused', 'refused'],
] as const) {
  test(`${what}: ${kind}`, async (t) => {
    const { fake, provider } = await open(t, ZONE);
    fake.answerOnce(reply);
    const error = await refusal(provider.read({ zone: ZONE, names: [APP], abort }));
    assert.deepEqual([error.kind, error.code], [kind, code], error.message);
    assert.ok(error.action !== '');
    assert.deepEqual((await provider.read({ zone: ZONE, names: [APP], abort })).sets, []);
  });
}

test('a name that the provider is not made for is told before anything is written', async (t) => {
  const { provider } = await open(t, 'example.org', '.sub.example.com');
  const error = await refusal(provider.read({ zone: ZONE, names: [APP], abort }));
  assert.equal(
    error.message,
    'the provider does not serve app.example.com in example.com: it is made for example.org, .sub.example.com',
  );
});

test('a name outside of what the provider is made for has its own error, and the others follow', async (t) => {
  const { provider } = await open(t, APP, `api.${ZONE}`);
  const names = [`www.${ZONE}`, APP, `api.${ZONE}`];
  const zone = followedZone(ZONE, names, { provider, clock: new SkippingClock(), owned: ['A'] });
  await assert.rejects(zone.follow(names.map((name) => ({ ...one, name }))), { code: 'zone' });
  assert.deepEqual(zone.failed(), [`www.${ZONE}`]);
  const { sets } = await provider.read({ zone: ZONE, names, abort });
  assert.deepEqual(
    sets.map(({ name }) => name),
    [APP, `api.${ZONE}`],
  );
});

test('a controller that is killed between the deletion and the creation: the next one puts back what was there', async (t) => {
  const { fake } = await open(t, ZONE);
  const scene = await createScene(t, plane);
  const there = { dnsName: APP, recordType: 'CNAME', targets: ['old.example.org'], recordTTL: 60 };
  const stands = () => fake.endpoints.some(({ recordType }) => recordType === 'CNAME');
  fake.endpoints = [there];
  fake.takesAddresses = false;
  const environment = {
    DNS_PROVIDER: 'webhook',
    DNS_WEBHOOK_URL: fake.url,
    DNS_RECORDS: `${APP}@${ZONE}`,
    LEADER_ELECTION: 'false',
  };
  const first = await scene.start(environment);
  // The answer never comes: nobody knows of the deletion.
  fake.onEmptied = () => first.child.signal('SIGKILL');
  await first.child.exited;
  assert.deepEqual([stands(), (await first.child.exited).signal], [false, 'SIGKILL']);
  fake.onEmptied = undefined;
  await scene.start(environment);
  await until('the name has again what it had', async () => (stands() ? true : undefined), {
    timeoutMs: 20_000,
  });
  assert.deepEqual(
    fake.endpoints.map(({ dnsName, targets }) => [dnsName, targets]),
    [[APP, there.targets]],
  );
  await scene.settled(EAST, 1);
});
