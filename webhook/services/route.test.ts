import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { applyPatch } from '../../test/support/json-patch.ts';
import { type ActiveSites, routeService, type ServiceShape } from './route.ts';

const FOLLOW = { 'site-follower/follow': 'true' };
const US = { app: 'web', 'site-follower/site': 'us' };
const OF_STILL = { 'site-follower/follower': 'still' };
const AT_7 = { 'site-follower/epoch': '7' };
const active: ActiveSites = (follower) => {
  if (follower === 'still') return 'moves-no-services';
  return follower === 'default' ? { site: 'us', epoch: 7 } : undefined;
};

interface Parts {
  readonly labels?: Record<string, string> | null;
  readonly annotations?: Record<string, string>;
  readonly selector?: Record<string, string> | null;
  readonly type?: string;
}

const service = ({
  labels = FOLLOW,
  annotations,
  selector = { app: 'web' },
  type,
}: Parts = {}): ServiceShape => ({
  metadata: { name: 'web', ...(labels && { labels }), ...(annotations && { annotations }) },
  spec: { ...(selector && { selector }), ...(type && { type }) },
});

const followed = (more: Parts = {}) => service({ annotations: AT_7, selector: US, ...more });

function result(now: ServiceShape, old?: ServiceShape) {
  const { change, patch, warnings } = routeService(now, old, active);
  const { metadata, spec } = applyPatch(now, patch) as ServiceShape;
  return { change, selector: spec.selector, annotations: metadata?.annotations ?? {}, warnings };
}

describe('a new Service with the label', () => {
  test('routes to the active site from the start', () => {
    assert.deepEqual(result(service()), { change: 'routed', selector: US, annotations: AT_7, warnings: [] });
  });

  test('does not believe what it was copied with', () => {
    const copy = service({
      annotations: { 'site-follower/epoch': '3' },
      selector: { app: 'web', 'site-follower/site': 'eu' },
    });
    assert.deepEqual(result(copy).selector, US);
    assert.deepEqual(result(copy).annotations, AT_7);
  });

  test('waits for the controller where no site is known, and says so', () => {
    const annotations = { 'site-follower/follower': 'orders' };
    const { change, selector, warnings } = result(service({ annotations }));
    assert.deepEqual([change, selector], ['none', { app: 'web' }]);
    assert.match(warnings.join(), /follower "orders" has not told an active site yet/);
  });

  test('gets no site of a follower that would never move it, and a warning', () => {
    const { change, selector, warnings } = result(service({ annotations: OF_STILL }));
    assert.deepEqual([change, selector], ['none', { app: 'web' }]);
    assert.match(warnings.join(), /follower "still" moves no Services .*routes to all sites/);
  });

  test('that the operator of a database made is left alone, and a warning says so', () => {
    const ownerReferences = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg', uid: 'u' }];
    const owned = (from: ServiceShape) => ({ ...from, metadata: { ...from.metadata, ownerReferences } });
    const made = result(owned(service()));
    assert.deepEqual([made.change, made.selector], ['none', { app: 'web' }]);
    assert.match(made.warnings.join(), /has no effect: the Service is owned by postgresql.cnpg.io/);
    // As an older version of this program had made it.
    const written = result(owned(followed()), owned(followed()));
    assert.deepEqual(
      [written.change, written.selector, written.annotations],
      ['restored', { app: 'web' }, {}],
    );
  });

  test('that selects nothing gets no selector, and a warning', () => {
    const bySite = { 'site-follower/site': 'eu' };
    for (const parts of [
      { selector: null },
      { selector: {} },
      { type: 'ExternalName' },
      { selector: bySite },
    ]) {
      const { change, warnings } = result(service(parts));
      assert.equal(change, 'none');
      assert.match(warnings.join(), /selects no pods/);
    }
  });

  test('is warned of values that are not understood', () => {
    const annotations = { 'site-follower/on-empty': 'all', 'site-follower/on-empty-after': '5m' };
    assert.equal(result(service({ annotations })).warnings.length, 2);
    const labels = { 'site-follower/follow': 'yes' };
    assert.match(result(service({ labels })).warnings.join(), /"yes" has no effect/);
  });
});

describe('a Service that follows', () => {
  test('keeps its site when it is applied without it', () => {
    assert.deepEqual(result(service({ annotations: AT_7 }), followed()), {
      change: 'kept',
      selector: US,
      annotations: AT_7,
      warnings: [],
    });
  });

  test('keeps it when it is replaced as a whole', () => {
    assert.deepEqual(result(service(), followed()).annotations, AT_7);
    assert.deepEqual(result(service(), followed()).selector, US);
  });

  test('keeps it when the manifest names another site', () => {
    const stale = { app: 'web', 'site-follower/site': 'eu' };
    assert.deepEqual(result(followed({ selector: stale }), followed()).selector, US);
  });

  test('takes over what else is changed in its selector', () => {
    const now = service({ annotations: AT_7, selector: { app: 'shop', tier: 'front' } });
    assert.deepEqual(result(now, followed()).selector, {
      app: 'shop',
      tier: 'front',
      'site-follower/site': 'us',
    });
  });

  test('keeps it when a copy of an older state is applied, epoch and all', () => {
    const eu = { app: 'web', 'site-follower/site': 'eu' };
    for (const epoch of ['3', '8']) {
      const stale = followed({ annotations: { 'site-follower/epoch': epoch }, selector: eu });
      const { change, selector, annotations } = result(stale, followed());
      assert.deepEqual([change, selector, annotations], ['kept', US, AT_7]);
    }
  });

  test('stays open to any site, or closed, whatever such a copy says', () => {
    const anySite = { ...AT_7, 'site-follower/any-site': '2026-01-01T00:00:00Z' };
    const opened = service({ annotations: anySite });
    assert.deepEqual(result(followed(), opened).selector, { app: 'web' });
    assert.deepEqual(result(followed(), opened).annotations, anySite);
    assert.deepEqual(result(opened, followed()).selector, US);
    assert.deepEqual(result(opened, followed()).annotations, AT_7);
    assert.equal(result(opened, opened).change, 'none');
  });

  test('that does not follow yet does not begin with what a copy says', () => {
    const eu = { app: 'web', 'site-follower/site': 'eu' };
    const stale = followed({ annotations: { 'site-follower/epoch': '3' }, selector: eu });
    const { selector, annotations } = result(stale, service({ labels: null }));
    assert.deepEqual([selector, annotations], [{ app: 'web' }, {}]);
  });

  test('that has just got its label is left to the controller', () => {
    assert.equal(result(service(), service({ labels: null })).change, 'none');
    assert.equal(result(service(), service()).change, 'none');
  });

  test('is warned of a follower that nobody has heard of', () => {
    const now = service({ annotations: { 'site-follower/follower': 'oders' } });
    assert.match(result(now, service({ labels: null })).warnings.join(), /follower "oders" has not told/);
  });

  test('is warned of a follower that moves none', () => {
    const now = service({ annotations: OF_STILL });
    const { change, warnings } = result(now, service({ labels: null }));
    assert.equal(change, 'none');
    assert.match(warnings.join(), /follower "still" moves no Services .*stays as it is/);
  });

  test('keeps the key of its old follower until the new one has moved it', () => {
    const annotations = { ...AT_7, 'site-follower/follower': 'orders' };
    assert.deepEqual(result(service({ annotations }), followed()).selector, US);
  });

  test('has its selector as before when the label is taken away', () => {
    for (const labels of [null, { 'site-follower/follow': 'false' }]) {
      const { change, selector, annotations } = result(followed({ labels }), followed());
      assert.deepEqual([change, selector, annotations], ['restored', { app: 'web' }, {}]);
    }
    assert.deepEqual(result(service({ labels: null, selector: US }), followed()).selector, { app: 'web' });
  });
});

test('a Service that selects the pods of one site on purpose is left alone', () => {
  const own = service({ labels: null, selector: US });
  assert.equal(result(own).change, 'none');
  assert.equal(result(own, own).change, 'none');
});

test('a second pass changes nothing', () => {
  const strings = fc.dictionary(
    fc.constantFrom('app', 'site-follower/site', 'site-follower/site-orders', 'x'),
    fc.constantFrom('web', 'us', 'eu'),
  );
  const annotations = fc.dictionary(
    fc.constantFrom('site-follower/epoch', 'site-follower/any-site', 'site-follower/follower', 'y'),
    fc.constantFrom('7', '8', 'orders'),
  );
  const labels = fc.constantFrom(null, FOLLOW, { 'site-follower/follow': 'false' });
  const any = fc.record({ labels, annotations, selector: strings }).map(service);
  fc.assert(
    fc.property(any, fc.option(any, { nil: undefined }), (now, old) => {
      const first = routeService(now, old, active);
      const after = applyPatch(now, first.patch) as ServiceShape;
      assert.deepEqual(routeService(after, old, active).patch, []);
      const others = ({ spec }: ServiceShape) =>
        Object.entries(spec.selector ?? {}).filter(([key]) => !key.startsWith('site-follower/'));
      assert.deepEqual(others(after), others(now));
    }),
  );
});
