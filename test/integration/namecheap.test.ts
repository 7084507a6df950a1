import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordStatus } from '../../dns/follower/record-status.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import type { Version } from '../support/config-map-history.ts';
import type { Command, Fault } from '../support/namecheap/fake-namecheap.ts';
import { host } from '../support/namecheap/zones.ts';
import { RECORD, Registrar, ZONE } from '../support/registrar.ts';
import { ADDRESSES, createScene, EAST, type Scene, WEST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

/** After a rate limit nothing is sent for 30 s, and a third write of a zone within 20 s waits. */
const RECOVERY_MS = 75_000;
/** A write is given up after 30 s. */
const WRITE_LIMIT_MS = 50_000;

interface Trouble {
  readonly what: string;
  readonly fault: readonly [Command, Fault];
  /** In the Event and in the report: what happened, in the provider's own words, and what to do. */
  readonly told: RegExp;
  /** How often in a row. Default: long enough for the report, which is written once a second. */
  readonly times?: number;
}

const TROUBLES: readonly Trouble[] = [
  {
    what: 'an error with HTTP 200',
    fault: ['getHosts', { kind: 'error', number: '5050900', text: 'Unhandled exceptions' }],
    told: /Unhandled exceptions \(5050900\).*repeated/s,
  },
  {
    what: 'an error as the answer to the write',
    fault: ['setHosts', { kind: 'error', number: '3050900', text: 'Unknown error from Enom' }],
    times: 2,
    told: /Unknown error from Enom \(3050900\).*repeated/s,
  },
  {
    what: 'the rate limit',
    fault: ['getHosts', { kind: 'status', status: 405, body: 'Too many requests' }],
    times: 1,
    told: /rate limit: HTTP 405.*what other programs use the same API key/s,
  },
  {
    what: 'a truncated zone',
    fault: ['getHosts', { kind: 'truncate', bytes: 700 }],
    told: /cannot be trusted.*nothing is written/s,
  },
  {
    what: 'the zone of somebody else',
    fault: ['getHosts', { kind: 'rewrite', from: `Domain="${ZONE}"`, to: 'Domain="example.org"' }],
    told: /example\.org/,
  },
  {
    what: 'a zone that lacks a host',
    fault: ['getHosts', { kind: 'rewrite', from: '<host ', to: '<guest ' }],
    told: /counts 7 records .* shows only 6.*Nothing was written/s,
  },
  {
    what: 'a success that did not save',
    fault: ['setHosts', { kind: 'unsaved' }],
    told: /still shows the old ones.*panel/s,
  },
  {
    what: 'a server error',
    fault: ['getHosts', { kind: 'status', status: 502 }],
    told: /HTTP 502.*fault is at Namecheap/s,
  },
  {
    what: 'a cut connection',
    fault: ['getHosts', { kind: 'reset' }],
    times: 6, // Each of three reads is sent once more.
    told: /getHosts for example\.com failed.*look at the way to the API/s,
  },
  {
    what: 'name servers that are not theirs',
    fault: ['getHosts', { kind: 'rewrite', from: 'IsUsingOurDNS="true"', to: 'IsUsingOurDNS="false"' }],
    told: /name servers|BasicDNS/i,
  },
];

const reported = ({ data }: { readonly data: Readonly<Record<string, string>> }): readonly RecordStatus[] =>
  JSON.parse(data.dns ?? '[]');

/** What the report says of the record, with the action. */
async function reportedError(scene: Scene): Promise<string> {
  const hasError = (version: Version) => reported(version)[0]?.error !== undefined;
  // The trouble may be over by now.
  const version =
    scene.report.versions.find(hasError) ?? (await scene.report.until('the report has an error', hasError));
  const { text, action } = reported(version)[0]?.error ?? { text: '', action: '' };
  return `${text}. ${action}`;
}

describe('a registrar that misbehaves while the primary moves', { concurrency: 4 }, () => {
  for (const {
    what,
    fault: [command, fault],
    told,
    times = command === 'setHosts' ? 1 : 3,
  } of TROUBLES) {
    test(`${what}: the status does not wait, the trouble is told, and the record is right in the end`, async (t) => {
      const scene = await createScene(t, plane);
      const registrar = await Registrar.start(t, ADDRESSES[EAST]);
      await scene.startAndSettle(registrar.environment);
      await scene.report.until(
        'the record is known to be right',
        (version) => reported(version)[0]?.accepted?.values.join() === ADDRESSES[EAST],
      );
      const before = registrar.writes;
      registrar.fake.misbehave(command, fault, times);
      await scene.moveTo(WEST);
      await scene.settled(WEST, 2);
      const { type, note } = await scene.event('DnsFailed');
      assert.equal(type, 'Warning');
      assert.match(note, told);
      assert.match(await reportedError(scene), told);
      await registrar.pointsTo(ADDRESSES[WEST], RECOVERY_MS);
      await scene.event('DnsRecovered', undefined, RECOVERY_MS);
      const { data } = await scene.report.until(
        'the report is right again',
        (version) =>
          reported(version)[0]?.error === undefined &&
          reported(version)[0]?.accepted?.values.join() === ADDRESSES[WEST],
      );
      assert.deepEqual(reported({ data })[0]?.wanted, [ADDRESSES[WEST]]);
      assert.deepEqual(registrar.harm, []);
      assert.equal(registrar.writes - before, command === 'setHosts' ? times + 1 : 1);
      assert.equal(scene.status.last?.status?.epoch, 2);
    });
  }

  test('an answer that never comes: it is asked for again', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[EAST]);
    await scene.startAndSettle(registrar.environment);
    registrar.fake.misbehave('setHosts', { kind: 'silent' });
    await scene.moveTo(WEST);
    await scene.event('DnsFailed', undefined, WRITE_LIMIT_MS);
    await scene.event('DnsRecovered', undefined, RECOVERY_MS);
    await registrar.pointsTo(ADDRESSES[WEST]);
    assert.deepEqual([registrar.writes, registrar.harm], [1, []], 'the write had arrived');
  });

  test('somebody else writes the zone at the same time: their record stays, and ours is right', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[EAST]);
    await scene.startAndSettle(registrar.environment);
    const zone = registrar.fake.zone(ZONE);
    const challenge = host('_acme-challenge', 'TXT', 'token', { ttl: '60' });
    const theirs = { ...zone, hosts: [...zone.hosts, challenge] };
    registrar.fake.misbehave('setHosts', { kind: 'meanwhile', when: 'after', zone: theirs });
    await scene.moveTo(WEST);
    const { note } = await scene.event('DnsFailed');
    assert.match(note, /Find who else writes this zone/);
    await registrar.pointsTo(ADDRESSES[WEST], RECOVERY_MS);
    assert.deepEqual(registrar.harm, [`new: ${JSON.stringify(challenge)}`]);
  });

  test('a zone with records that cannot be sent back is left alone, and the reason is told', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[EAST]);
    const zone = registrar.fake.zone(ZONE);
    const dynamic = host('home', 'A', '203.0.113.9', { isDdnsEnabled: true });
    registrar.fake.put(ZONE, { ...zone, hosts: [...zone.hosts, dynamic] });
    await scene.startAndSettle(registrar.environment);
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    const { note } = await scene.event('DnsFailed');
    assert.match(note, /home/);
    assert.deepEqual([registrar.writes, registrar.addresses], [0, [ADDRESSES[EAST]]]);
    registrar.fake.put(ZONE, zone);
  });

  test('the zone as it was before a write is kept', async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[WEST]);
    const { hosts } = registrar.fake.zone(ZONE);
    await scene.startAndSettle(registrar.environment);
    await registrar.pointsTo(ADDRESSES[EAST]);
    const key = { namespace: scene.namespace, name: `kube-site-follower-zone-${ZONE}` };
    const [text = ''] = Object.values((await plane.api.get(CONFIG_MAPS, key)).data ?? {});
    const kept = JSON.parse(text) as { zone: string; hosts: { address: string }[] };
    assert.equal(kept.zone, ZONE);
    assert.deepEqual(
      kept.hosts.map(({ address }) => address),
      hosts.map(({ address }) => address),
    );
  });

  test(`nothing but ${RECORD} is asked about, and nothing is written while it is right`, async (t) => {
    const scene = await createScene(t, plane);
    const registrar = await Registrar.start(t, ADDRESSES[EAST]);
    const controller = await scene.startAndSettle({ ...registrar.environment, RESYNC_SECONDS: '1' });
    await controller.untilMetric('kube_site_follower_dns_records', { progress: 'accepted' }, 1);
    const calls = registrar.fake.calls.length;
    const passes = await controller.metric('kube_site_follower_passes_total');
    await controller.child.waitUntil(
      'there were 5 more passes',
      async () => (await controller.metric('kube_site_follower_passes_total')) >= passes + 5,
      20_000,
    );
    assert.deepEqual([registrar.fake.calls.length, registrar.writes], [calls, 0]);
  });
});
