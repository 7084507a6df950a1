import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { published } from '../cluster/followers.ts';
import { assertCaptures } from '../testing/golden.ts';
import { before, LEASE, NOW, PODS, pod, RECORDS, reportMap, STATUS, statusMap } from '../testing/scene.ts';
import { print } from '../text/line.ts';
import { statusOf } from './gather.ts';
import { renderStatus } from './render.ts';
import type { FollowerView } from './view.ts';

const healthy = { maps: [statusMap(), reportMap({ dns: RECORDS })], pods: PODS, lease: LEASE };

function view({ maps = healthy.maps, pods = PODS, lease = LEASE } = {}): FollowerView {
  const [first] = statusOf(published(maps), pods, lease, NOW).followers;
  assert.ok(first);
  return first;
}

function text(follower: FollowerView, width = 120): string {
  return print(renderStatus({ followers: [follower] }, NOW, width), false);
}

describe('the status', () => {
  test('stays readable with three sites and 50 pods', () => {
    assert.equal(PODS.length, 50);
    assertCaptures('status', (width) => renderStatus({ followers: [view()] }, NOW, width));
  });

  test('says why it holds, and what to do', () => {
    const reason = 'NodeWithoutSite: node node-ap-south-01 is in no site';
    const maps = [statusMap({ phase: 'Held', reason }), reportMap({})];
    assertCaptures('status-held', (width) =>
      renderStatus({ followers: [view({ maps, pods: [] })] }, NOW, width),
    );
  });

  test('says why nothing is known of pods', () => {
    const unseen = statusOf(published(healthy.maps), undefined, LEASE, NOW);
    const shown = print(renderStatus(unseen, NOW, 80), false);
    assert.match(shown, /^us-east +active +\? .*\n[\s\S]*^\?: you may not list pods in all namespaces\.$/m);
    assert.doesNotMatch(text(view()), /you may not/);
  });

  test('shows the pods of each namespace, however many of one have a problem', () => {
    const mine = Array.from({ length: 100 }, (_, index) =>
      pod({ namespace: 'aaa', name: `a-${index}`, injected: false }),
    );
    const pods = [...mine, pod({ namespace: 'shop', name: 'web', injected: false })];
    assert.match(text(view({ pods })), /^✗ shop\/web has no sidecar/m);
  });

  test('has room for workloads of each namespace, however many there are of one', () => {
    const mine = Array.from({ length: 3_000 }, (_, index) => pod({ namespace: 'aaa', name: `a-${index}` }));
    const shown = text(view({ pods: [...mine, pod({ namespace: 'shop', name: 'web' })] }));
    assert.match(shown, /^shop\/web Pod/m);
    assert.match(shown, /^and 2951 more; -o json shows all$/m);
    assert.ok(shown.split('\n').length < 100);
  });

  test('counts the nodes of a large site', () => {
    const nodes = Array.from({ length: 1_000 }, (_, index) => `node-${index}`);
    const maps = [statusMap({ sites: { 'us-east': nodes } })];
    assert.match(text(view({ maps, pods: [] })), /node-0, .*node-5 and 994 more\n/);
  });

  test('says that nobody leads', () => {
    const lease = { ...LEASE, spec: { ...LEASE.spec, renewTime: before(300) } };
    assert.equal(view({ lease }).leader?.alive, false);
    assert.match(text(view({ lease })), /The controller does not run: .* last heard of 5m ago/);
    const released = { ...LEASE, spec: { ...LEASE.spec, holderIdentity: '', renewTime: before(1) } };
    assert.match(text(view({ lease: released })), /does not run: the Lease has no holder/);
  });

  test('shows a damaged ConfigMap as one', () => {
    const whole = statusMap();
    const maps = [{ ...whole, data: { ...whole.data, epoch: 'x' } }];
    assert.equal(view({ maps }).status, null);
    assert.match(text(view({ maps })), /status ConfigMap cannot be read/);
  });

  test('counts pods by site, and finds those that need a look', () => {
    const { sites, attention, workloads } = view();
    assert.deepEqual(
      sites.map(({ name, active, pods }) => [name, active, pods?.ready, pods?.total]),
      [
        ['us-east', true, 17, 18],
        ['us-west', false, 5, 16],
        ['eu-central', false, 4, 14],
      ],
    );
    assert.deepEqual(
      attention.map(({ pod: name, problem }) => `${name} ${problem}`),
      ['cache-1 ReadyOnStandby', 'cache-2 NotReady', 'cache-3 NotReady', 'old NoSidecar', 'lost NoSite'],
    );
    assert.deepEqual(workloads.find(({ name }) => name === 'web')?.sites['us-east'], { ready: 6, total: 6 });
  });

  test('leaves out pods that have ended or listen to another follower', () => {
    const ended = { ...pod({ name: 'done', node: 'node-us-east-01' }), status: { phase: 'Succeeded' } };
    const other = pod({ name: 'other', annotations: { 'site-follower/follower': 'mongo' } });
    assert.deepEqual(view({ pods: [ended, other] }).workloads, []);
  });

  test('tells how far each record is', () => {
    assert.deepEqual(
      view().dns.map(({ state }) => state),
      ['seen', 'accepted', 'failing'],
    );
    const edited = [statusMap(), reportMap({ dns: [{ name: 1 }, 'x', null, RECORDS[0]] })];
    assert.equal(view({ maps: edited }).dns.length, 1);
  });

  test('shows escape sequences of others harmlessly', () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m<b>\u202etxt</b>\r\n';
    const maps = [
      statusMap({
        ...STATUS,
        primary: evil,
        activeNode: evil,
        activeSite: evil,
        reason: `ApiError: ${evil}`,
        phase: 'Held',
        sites: { [evil]: [evil] },
      }),
      reportMap({ dns: [{ ...RECORDS[2], name: evil, wanted: [evil] }] }),
    ];
    const pods = [pod({ name: 'web', node: evil, waiting: { reason: evil, message: evil } })];
    const lease = { ...LEASE, spec: { ...LEASE.spec, holderIdentity: evil } };
    for (const colour of [false, true]) {
      const shown = print(renderStatus({ followers: [view({ maps, pods, lease })] }, NOW, 100), colour);
      const ours = shown.replaceAll(new RegExp(`${String.fromCharCode(0x1b)}\\[\\d+m`, 'g'), '');
      assert.doesNotMatch(ours, /[^\P{C}\n]/u);
      assert.match(ours, /\\x1b\]0;owned\\x07/);
    }
  });
});
