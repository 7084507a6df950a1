import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventNote } from '../kubernetes/events.ts';
import type { Outcome, Subject } from './admission.ts';
import { createMetrics, METRICS } from './metrics.ts';
import { reportOutcome } from './outcomes.ts';

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u-1', controller: true };
const POD: Subject = {
  apiVersion: 'v1',
  kind: 'Pod',
  namespace: 'shop',
  name: 'web-1-',
  uid: undefined,
  owner: OWNER,
};
const ON_OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'shop', name: 'web-1', uid: 'u-1' };
const HOST_NETWORK: Outcome = { action: 'skipped', reason: 'host-network', message: 'it shares ports' };

async function report(outcome: Outcome, subject: Subject | 'unreadable' = POD, dryRun = false) {
  const metrics = createMetrics('1');
  const events: EventNote[] = [];
  const answer = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: 'u', allowed: true },
  } as const;
  const known = subject === 'unreadable' ? undefined : subject;
  const sink = { record: (event: EventNote) => void events.push(event) };
  reportOutcome({ kind: 'answered', answer, outcome, subject: known, dryRun }, metrics, sink);
  return { events, text: await metrics.expose() };
}

const cases: readonly (readonly [Outcome, reason: string | undefined, note: RegExp])[] = [
  [{ action: 'injected' }, 'Injected', /has got the sidecar/],
  [HOST_NETWORK, 'InjectionSkipped', /no sidecar: it shares ports$/],
  [{ action: 'denied', message: 'the port is taken' }, 'InjectionDenied', /^the port is taken$/],
  [{ action: 'skipped', reason: 'already-injected', message: 'x' }, undefined, /./],
  [{ action: 'skipped', reason: 'disabled', message: 'x' }, undefined, /./],
  [{ action: 'carried' }, undefined, /./],
  [{ action: 'none' }, undefined, /./],
];
for (const [outcome, reason, note] of cases) {
  test(`${JSON.stringify(outcome)} is counted and makes ${reason ?? 'no Event'}`, async () => {
    const { events, text } = await report(outcome);
    const series = `kube_site_follower_webhook_reviews_total{kind="Pod",outcome="${outcome.action}"} 1`;
    assert.ok(text.includes(series), series);
    assert.deepEqual(
      events.map((event) => event.reason),
      reason === undefined ? [] : [reason],
    );
    for (const event of events) {
      assert.match(event.note, note);
      assert.deepEqual(event.regarding, ON_OWNER);
    }
  });
}

test('the reason of a skip is counted', async () => {
  const { text } = await report(HOST_NETWORK);
  assert.match(text, /^kube_site_follower_webhook_skips_total\{reason="host-network"\} 1$/m);
});

test('a dry run is counted and makes no Event', async () => {
  const { events, text } = await report(HOST_NETWORK, POD, true);
  assert.deepEqual(events, []);
  assert.match(text, /reviews_total\{kind="Pod",outcome="skipped"\} 1/);
});

test('without an owner the Event is on the pod, if its name is known', async () => {
  const bare: Subject = { ...POD, owner: undefined, name: 'web-0' };
  const regarding = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-0' };
  assert.deepEqual((await report(HOST_NETWORK, bare)).events[0]?.regarding, regarding);
  for (const name of ['', 'web-']) {
    assert.deepEqual((await report(HOST_NETWORK, { ...bare, name })).events, []);
  }
});

test('what cannot be read is counted as other', async () => {
  const { events, text } = await report({ action: 'denied', message: 'x' }, 'unreadable');
  assert.deepEqual(events, []);
  assert.match(text, /reviews_total\{kind="other",outcome="denied"\} 1/);
});

test('every metric is exposed by a good name', async () => {
  const text = await createMetrics('1.2.3').expose();
  for (const { name, kind, help } of Object.values(METRICS)) {
    assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`), name);
    assert.match(name, /^(kube_site_follower_webhook|process)_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), kind === 'counter', name);
  }
});
