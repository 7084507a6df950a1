import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventNote } from '../kubernetes/events.ts';
import type { Outcome } from './admission.ts';
import { createMetrics, METRICS } from './metrics.ts';
import { reportOutcome } from './outcomes.ts';
import { type Subject, subjectOf } from './subject.ts';

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u-1' };
const POD: Subject = { kind: 'Pod', namespace: 'shop', owner: OWNER };
const ON_OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'shop', name: 'web-1', uid: 'u-1' };
const HOST_NETWORK: Outcome = { action: 'skipped', reason: 'host-network', message: 'it shares ports' };

async function report(
  outcome: Outcome,
  subject: Subject | 'unreadable' = POD,
  { dryRun = false, mayTell = true } = {},
) {
  const metrics = createMetrics('1');
  const events: EventNote[] = [];
  const known = subject === 'unreadable' ? undefined : subject;
  const sink = { record: (event: EventNote) => void events.push(event), mayTell: () => mayTell };
  reportOutcome({ outcome, subject: known, dryRun }, metrics, sink);
  return { events, text: await metrics.expose() };
}

const cases: readonly (readonly [Outcome, reason: string | undefined, note: RegExp])[] = [
  [{ action: 'injected', fits: true }, 'Injected', /has got the sidecar$/],
  [{ action: 'injected', fits: false }, 'InjectionDenied', /a LimitRange of its namespace refuses it/],
  [HOST_NETWORK, 'InjectionSkipped', /no sidecar: it shares ports$/],
  [
    { action: 'denied', message: 'annotation site-follower/port: "rm -rf" must be a port' },
    'InjectionDenied',
    /^A pod was refused[^"]*; it is about site-follower\/port\. [^"]*$/,
  ],
  [
    { action: 'denied', message: 'label "x" is bad' },
    'InjectionDenied',
    /as it asks for it\. Its controller says more/,
  ],
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
  const { events, text } = await report(HOST_NETWORK, POD, { dryRun: true });
  assert.deepEqual(events, []);
  assert.match(text, /reviews_total\{kind="Pod",outcome="skipped"\} 1/);
});

test('a pod that nobody owns has no Event: it is not there yet, and may never be', async () => {
  const { events, text } = await report({ action: 'injected', fits: true }, { ...POD, owner: undefined });
  assert.deepEqual(events, []);
  assert.match(text, /events_dropped_total 0/);
});

test('where nothing may be told there is no Event, and that is counted', async () => {
  const { events, text } = await report(HOST_NETWORK, POD, { mayTell: false });
  assert.deepEqual(events, []);
  assert.match(text, /events_dropped_total 1/);
});

test('of what a review says of a pod only what Kubernetes allows is kept', () => {
  const controller = { ...OWNER, controller: true };
  const owner = (changes: object) =>
    subjectOf('Pod', 'shop', { ownerReferences: [{ ...controller, ...changes }] }).owner;
  assert.deepEqual(owner({}), OWNER);
  const long = 'x'.repeat(1_000_000);
  const wrong = [
    { name: long },
    { kind: long },
    { apiVersion: long },
    { uid: long },
    { name: 'A b' },
    { kind: 'a/b' },
  ];
  for (const changes of wrong) assert.equal(owner(changes), undefined, Object.keys(changes).join());
  assert.equal(owner({ controller: false }), undefined);
  assert.ok(subjectOf('Pod', long, undefined).namespace.length <= 63);
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
