import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../cnpg/cluster.ts';
import { decodeRecords } from '../status/dns.ts';
import { assertCaptures } from '../testing/golden.ts';
import { before, NOW, RECORDS, STATUS } from '../testing/scene.ts';
import { SITUATION } from '../testing/situation.ts';
import { milestonesOf, type Scene, servicesOf } from './milestones.ts';
import { planFor } from './plan.ts';
import { renderConclusion, renderPlan, renderReached, renderWaiting } from './render.ts';

const slice = (service: string, endpoints: readonly [node: string, ready: boolean, pod: string][]) => ({
  metadata: { namespace: 'shop', name: `${service}-x`, labels: { 'kubernetes.io/service-name': service } },
  endpoints: endpoints.map(([nodeName, ready, name]) => ({
    nodeName,
    conditions: { ready },
    targetRef: { kind: 'Pod', name },
  })),
});

function moved(status: object): Cluster {
  const seen = { 'pg-cluster-1': { isPrimary: false }, 'pg-cluster-3': { isPrimary: true } };
  return {
    ...SITUATION.cluster,
    status: {
      ...SITUATION.cluster.status,
      currentPrimary: 'pg-cluster-3',
      instancesReportedState: seen,
      ...status,
    },
  };
}

const SCENE: Scene = {
  target: 'pg-cluster-3',
  site: 'us-west',
  cluster: moved({}),
  status: { ...STATUS, activeSite: 'us-west', primary: 'pg-cluster-3', since: before(1) },
  dns: [],
  dnsBefore: [],
  slices: [],
  services: [],
};

const failing = (kind: string, name = 'app.example.com') => ({
  zone: 'example.com',
  name,
  type: 'A',
  wanted: ['198.51.100.10'],
  accepted: { values: ['192.0.2.10'], at: before(5_000) },
  error: {
    text: '1011150: Invalid request IP: 192.0.2.7',
    code: '1011150',
    kind,
    action: 'Add the address to the list of allowed ones.',
    since: before(4_000),
  },
});

const missing = (scene: Partial<Scene>) =>
  Object.fromEntries(milestonesOf({ ...SCENE, ...scene }).map(({ name, missing: what }) => [name, what]));

describe('a switchover', () => {
  test('is shown with all that is in the way', () => {
    const plan = planFor({ ...SITUATION, mayPatch: false, site: 'eu-central' });
    assertCaptures('switchover-refused', (width) => [...renderPlan(plan, width), renderConclusion(plan)]);
    const good = planFor(SITUATION);
    const milestones = milestonesOf({ ...SCENE, status: STATUS }).map((one, index) => ({
      ...one,
      ms: index === 0 ? 1_234 : undefined,
    }));
    assertCaptures('switchover', (width) => [
      ...renderPlan(good, width),
      renderConclusion(good),
      ...milestones.filter(({ ms }) => ms !== undefined).map(renderReached),
      renderWaiting(milestones, 65_000),
    ]);
  });

  test('is shown with what will not follow until somebody changes something', () => {
    const plan = planFor({ ...SITUATION, dns: decodeRecords([RECORDS[0], failing('config')]) });
    assertCaptures('switchover-warned', (width) => [...renderPlan(plan, width), renderConclusion(plan)]);
    for (const kind of ['config', 'refused']) {
      const { warnings } = planFor({ ...SITUATION, dns: decodeRecords([failing(kind)]) });
      assert.equal(warnings.length, 1, kind);
    }
    for (const kind of ['retry', 'rate', 'conflict', 'not known here']) {
      assert.deepEqual(planFor({ ...SITUATION, dns: decodeRecords([failing(kind)]) }).warnings, [], kind);
    }
  });

  test('takes the instance with the fewest obstacles', () => {
    assert.equal(planFor(SITUATION).target, 'pg-cluster-3');
    assert.equal(planFor({ ...SITUATION, site: 'us-east' }).isThere, true);
    assert.equal(planFor({ ...SITUATION, site: 'eu-central' }).target, null);
  });

  test('waits for the status, the operator, and nothing that is not there', () => {
    assert.deepEqual(missing({}), { promoted: undefined, status: undefined, healthy: undefined });
    assert.match(missing({ status: STATUS }).status ?? '', /says us-east/);
    assert.match(missing({ cluster: SITUATION.cluster }).promoted ?? '', /pg-cluster-1 is still the primary/);
    const healthy = (status: object) => missing({ cluster: moved(status) }).healthy ?? '';
    assert.match(healthy({ phase: 'Switchover in progress' }), /its phase is "Switchover in progress"/);
    assert.match(healthy({ readyInstances: 2 }), /2 of 3 instances are ready/);
    const before = SITUATION.cluster.status?.instancesReportedState;
    assert.match(healthy({ instancesReportedState: before }), /has not seen its new primary yet/);
  });

  test('waits until Services route to the new site alone', () => {
    const routed = (endpoints: readonly [string, boolean, string][]) =>
      missing({ services: ['shop/web'], slices: [slice('web', endpoints)] }).routed;
    assert.equal(
      routed([
        ['node-us-west-01', true, 'b'],
        ['node-us-east-01', false, 'a'],
      ]),
      undefined,
    );
    assert.match(
      routed([
        ['node-us-west-01', true, 'b'],
        ['node-us-east-01', true, 'a'],
      ]) ?? '',
      /shop\/web/,
    );
    assert.match(
      routed([
        ['node-us-west-01', false, 'b'],
        ['node-us-east-01', false, 'a'],
      ]) ?? '',
      /shop\/web/,
    );
    assert.deepEqual(
      servicesOf([slice('web', [['n', true, 'a']]), slice('db', [['n', true, 'z']])], new Set(['shop/a'])),
      ['shop/web'],
    );
  });

  test('waits until DNS is for the new site, not only as it was wanted before', () => {
    const [record] = decodeRecords([RECORDS[0]]);
    assert.ok(record);
    assert.match(missing({ dns: [record], dnsBefore: [record] }).dns ?? '', /app\.example\.com A/);
    const now = { ...record, wanted: ['198.51.100.10'] };
    assert.match(
      missing({ dns: [{ ...now, state: 'behind' }], dnsBefore: [record] }).dns ?? '',
      /app\.example\.com/,
    );
    assert.equal(missing({ dns: [{ ...now, state: 'accepted' }], dnsBefore: [record] }).dns, undefined);
    const through = { ...now, accepted: { values: now.wanted, at: before(0) } };
    const stuckOf = (...records: readonly object[]) =>
      milestonesOf({ ...SCENE, dns: decodeRecords(records) }).find(({ name }) => name === 'dns')?.isStuck;
    assert.equal(stuckOf(failing('config'), failing('refused', 'www.example.com'), through), true);
    assert.equal(
      stuckOf(failing('config'), failing('retry', 'www.example.com')),
      false,
      'one may still come',
    );
    assert.equal(stuckOf(through), false);
    assert.match(
      missing({ dns: decodeRecords([failing('config')]) }).dns ?? '',
      /^app\.example\.com A: 1011150: .* Add the address/,
    );
    const again = { ...record, accepted: { values: [], at: new Date(NOW).toISOString() } };
    assert.equal(
      missing({ dns: [again], dnsBefore: [record] }).dns,
      undefined,
      'sites may have the same address',
    );
  });
});
