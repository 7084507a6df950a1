import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Status } from '../contract/status.ts';
import { CONFIG_MAPS } from '../kubernetes/resources.ts';
import { FakeCluster, OPS, TestLeadership } from '../test/support/fake-cluster.ts';
import { claimsOf } from './cluster-claims.ts';
import { Report } from './report/report.ts';
import { FencedConfigMap } from './status/fenced-config-map.ts';

const REPORT = { namespace: OPS, name: 'report' };
const LATER = {
  name: '_default._site-follower.example.com',
  type: 'TXT',
  ttl: 60,
  values: ['v=site-follower1; owner=west; site=eu; timeline=2; epoch=1'],
} as const;

let kube: FakeCluster;
let leadership: TestLeadership;

beforeEach(() => {
  kube = new FakeCluster([OPS]);
  leadership = new TestLeadership();
});

async function claimsOfEast(onRival: () => void, published?: Status) {
  const report = new Report(
    new FencedConfigMap(kube.api, REPORT, 'report', 'default'),
    kube.process,
    () => undefined,
  );
  const loading = report.load(leadership);
  await kube.clock.advance(100);
  await loading;
  const own = { name: 'us', nodeNames: [], cluster: 'east' };
  const claims = claimsOf(own, {
    follower: 'default',
    report,
    published,
    clock: kube.process,
    leadership,
    onRival,
  });
  claims.lead({ cluster: '', timeline: 1, instance: 'first', demotedAt: '' });
  const remembering = claims.remember();
  await kube.clock.advance(500);
  await remembering;
  return claims;
}

const stored = () => kube.server.find(CONFIG_MAPS, REPORT)?.data?.claim ?? '';

describe('what a cluster finds of another one', () => {
  test('is remembered before it stands by, so that the next leader does, too', async () => {
    const found: string[] = [];
    const claims = await claimsOfEast(() => found.push(stored()));
    claims.observe('example.com', LATER);
    await kube.clock.advance(500);
    assert.match(found.join(), /owner=west/);
    const next = await claimsOfEast(() => undefined);
    assert.equal(next.rival?.owner, 'west');
  });

  test('makes it stand by also where it cannot be remembered', async () => {
    let calls = 0;
    const claims = await claimsOfEast(() => {
      calls += 1;
    });
    kube.judge = () => 'request lost';
    claims.observe('example.com', LATER);
    await kube.clock.advance(1_500);
    assert.equal(calls, 1);
  });

  describe('and could not be remembered', () => {
    const published: Status = {
      activeSite: 'eu',
      activeNode: '',
      primary: 'west',
      phase: 'Held',
      reason: 'ClaimedElsewhere: east takes itself for the primary',
      epoch: 2,
      since: '2026-01-01T00:00:00Z',
      lastUpdated: '2026-01-01T00:00:00Z',
      sites: {},
    };

    test('makes the next leader stand by, as readers were told, until it has read all zones', async () => {
      let calls = 0;
      const claims = await claimsOfEast(() => {
        calls += 1;
      }, published);
      assert.deepEqual([claims.rival?.owner, claims.rival?.site, claims.isPrimary], ['west', 'eu', false]);
      const [noteOneRead, noteOtherRead] = [claims.addReader(), claims.addReader()];
      claims.observe('example.com', undefined);
      noteOneRead();
      noteOneRead();
      assert.equal(claims.rival?.owner, 'west', 'the claim may be in the other zone');
      claims.observe('example.org', undefined);
      noteOtherRead();
      await kube.clock.advance(500);
      assert.deepEqual([claims.rival, claims.isPrimary, calls], [undefined, true, 1]);
    });

    test('is nothing once it was promoted again', async () => {
      const claims = await claimsOfEast(() => undefined, published);
      claims.lead({ cluster: '', timeline: 3, instance: 'first', demotedAt: 'since then' });
      assert.equal(claims.rival, undefined);
    });

    test('is nothing to one that is held for another reason', async () => {
      const claims = await claimsOfEast(() => undefined, { ...published, reason: 'PrimaryPending: wait' });
      assert.equal(claims.rival, undefined);
    });
  });
});
