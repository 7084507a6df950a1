import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MutatingWebhookConfiguration } from '../../kubernetes/resources.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { webhookConfiguration } from '../webhook-configuration.ts';
import { createAuthority, issueLeaf } from './authority.ts';
import { BundleHistory } from './bundle-history.ts';
import { bundlePatch, presentIn, refusals, trustedBy } from './ca-bundle.ts';
import { certificatesIn } from './trust.ts';

const NOW = Date.now();
const LIFE = 86_400_000;
const [one = '', two = ''] = certificatesIn(
  (await createAuthority(NOW, LIFE)).certificate + (await createAuthority(NOW, LIFE)).certificate,
);

/** An entry of ours for each of these bundles, and somebody else's first. */
function configuration(...bundles: readonly (readonly string[] | undefined)[]): MutatingWebhookConfiguration {
  const service = { namespace: 'system', name: 'hook', path: '/mutate' };
  const built = webhookConfiguration({ namespace: 'system', client: { service } });
  const [first] = built.webhooks ?? [];
  assert.ok(first);
  const foreign = {
    ...first,
    name: 'pods.else.example.com',
    clientConfig: { url: 'https://else/', caBundle: 'AA==' },
  };
  const ours = (built.webhooks ?? []).slice(0, bundles.length).map((entry, index) => ({
    ...entry,
    clientConfig: { ...entry.clientConfig, ...encoded(bundles[index]) },
  }));
  return { ...built, metadata: { ...built.metadata, resourceVersion: '7' }, webhooks: [foreign, ...ours] };
}

function encoded(bundle: readonly string[] | undefined): { caBundle?: string } {
  return bundle === undefined ? {} : { caBundle: Buffer.from(bundle.join('')).toString('base64') };
}

test('only our own entries are patched, and only where they differ', () => {
  const value = encoded([one]).caBundle;
  assert.deepEqual(bundlePatch(configuration([one], undefined, [two]), [one]), [
    { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
    { op: 'add', path: '/webhooks/2/clientConfig/caBundle', value },
    { op: 'add', path: '/webhooks/3/clientConfig/caBundle', value },
  ]);
  assert.equal(bundlePatch(configuration([one], [one], [one]), [one]), undefined);
});

test('trusted is what stands in every entry, present what stands in any', () => {
  const mixed = configuration([one, two], [two], [two, one]);
  assert.deepEqual(trustedBy(mixed), [two]);
  assert.deepEqual(presentIn(mixed), [one, two]);
  assert.deepEqual(
    [trustedBy({ metadata: { name: 'x' } }), presentIn({ metadata: { name: 'x' } })],
    [[], []],
  );
});

test('what would be refused is said with its entry and name', async () => {
  const authority = await createAuthority(NOW, LIFE);
  const [own = ''] = certificatesIn(authority.certificate);
  const leaf = await issueLeaf(authority, ['hook.system.svc'], NOW, LIFE / 3);
  assert.deepEqual(refusals(configuration([own], [one, own], [own]), leaf.certificate, NOW), []);
  assert.deepEqual(refusals(configuration([own], [one], [own]), leaf.certificate, NOW), [
    'the caBundle of pods.inject.kube-site-follower does not make the certificate for hook.system.svc trusted',
  ]);
  const misnamed = await issueLeaf(authority, ['hook.else.svc'], NOW, LIFE / 3);
  assert.equal(refusals(configuration([own], [own], [own]), misnamed.certificate, NOW).length, 3);
  assert.deepEqual(refusals({ metadata: { name: 'x' }, webhooks: [] }, leaf.certificate, NOW), [
    'x has no entry of this webhook',
  ]);
});

test('trust counts from when every entry has an authority, and again after it was wiped', async () => {
  const clock = new VirtualClock();
  const history = new BundleHistory(clock);
  assert.equal(history.trustedFor(one), -1);
  history.see(configuration([one], [one], [two]));
  assert.equal(history.trustedFor(one), -1);
  history.see(configuration([one], [one], [one]));
  await clock.advance(100);
  history.see(configuration([one, two], [one, two], [one, two]));
  assert.deepEqual([history.trustedFor(one), history.trustedFor(two)], [100, 0]);
  history.see(configuration([], [one], [one]));
  assert.equal(history.trustedFor(one), -1);
  history.see(undefined);
  assert.deepEqual(history.present, []);
});

test('an authority becomes a stranger when it is known no more', async () => {
  const clock = new VirtualClock();
  const history = new BundleHistory(clock);
  history.see(configuration([one, two], [one, two], [one, two]));
  assert.deepEqual([...history.strangers([one, two])], []);
  await clock.advance(100);
  assert.deepEqual([...history.strangers([one])], [[two, 0]]);
  await clock.advance(50);
  assert.deepEqual([...history.strangers([one])], [[two, 50]]);
  assert.deepEqual([...history.strangers([one, two])], []);
  assert.deepEqual([...history.strangers([one])], [[two, 0]]);
});
