import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { FakeApi, page } from '../../kubernetes/testing/fake-api.ts';
import { NAMESPACE, reportMap, statusMap } from '../testing/scene.ts';
import { findFollowers, PUBLISHED } from './followers.ts';

const real = [statusMap(), reportMap({})];
/** What somebody makes who may create ConfigMaps in one namespace. */
const lookalike = (namespace: string) =>
  [...real, reportMap({ trigger: { kind: 'cnpg', namespace: 'pg', clusterName: 'other' } })].map((map) => ({
    ...map,
    metadata: { ...map.metadata, namespace },
  }));
const binding = (namespace: string, name = 'kube-site-follower-controller'): KubeObject =>
  Object.assign({ metadata: { name } }, { subjects: [{ kind: 'ServiceAccount', name, namespace }] });

/** Where the controller is found. `bindings` undefined: they may not be read. */
async function found(
  maps: readonly KubeObject[],
  contextNamespace: string,
  bindings: readonly KubeObject[] | undefined,
): Promise<string> {
  const api = new FakeApi();
  api.onList = ({ labelSelector, namespace }) => {
    const there = maps.filter(({ metadata }) => (namespace ?? metadata.namespace) === metadata.namespace);
    if (labelSelector === PUBLISHED) return page(there, '1');
    if (bindings !== undefined) return page(bindings, '1');
    throw new KubeError('no', { status: 403, reason: 'Forbidden' });
  };
  const followers = await findFollowers({ api, contextNamespace }, undefined).catch(String);
  if (typeof followers === 'string') return followers;
  return followers.map(({ namespace }) => namespace).join();
}

describe('the controller', () => {
  test('is found by its ConfigMaps alone where no other ones look like them', async () => {
    assert.equal(await found(real, 'shop', undefined), NAMESPACE);
  });

  for (const context of ['default', 'shop', NAMESPACE]) {
    test(`is not what a tenant makes to look like it, from the namespace ${context}`, async () => {
      const maps = [...real, ...lookalike('shop'), ...lookalike('aaa')];
      const bindings = [binding(NAMESPACE), binding('shop', 'kube-site-follower-webhook')];
      assert.equal(await found(maps, context, bindings), NAMESPACE);
    });
  }

  test('is found without reading what a tenant puts into such ConfigMaps', async () => {
    const api = new FakeApi();
    api.onList = ({ labelSelector, namespace }) => {
      if (labelSelector !== PUBLISHED) return page([binding(NAMESPACE)], '1');
      return page([...real, ...(namespace === undefined ? lookalike('shop') : [])], '1');
    };
    await findFollowers({ api, contextNamespace: 'shop' }, undefined);
    const whole = api.lists.filter(
      ({ metadataOnly, labelSelector }) => !metadataOnly && labelSelector === PUBLISHED,
    );
    assert.deepEqual(
      whole.map(({ namespace }) => namespace),
      [NAMESPACE],
    );
  });

  test('of several is that of the namespace of the context', async () => {
    const maps = [...real, ...lookalike('second')];
    const bindings = [binding(NAMESPACE), binding('second')];
    assert.equal(await found(maps, 'second', bindings), 'second');
    assert.match(
      await found(maps, 'default', bindings),
      /There are controllers in second, site-follower: say/,
    );
  });

  test('is not guessed by who may not see where one is installed, or where the chart has not installed it', async () => {
    const maps = [...real, ...lookalike('shop')];
    assert.match(
      await found(maps, 'shop', undefined),
      /you may not list the ClusterRoleBindings .* say with -n/,
    );
    assert.match(
      await found(maps, 'shop', []),
      /There are controllers in shop, site-follower: say which with -n/,
    );
  });
});
