import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches, targetOf } from './target.ts';

const cases: readonly [string, string, string][] = [
  ['GET', '/api/v1/namespaces/a/configmaps/x', 'get configmaps x'],
  ['GET', '/api/v1/namespaces/a/configmaps?limit=500', 'list configmaps '],
  ['GET', '/api/v1/pods', 'list pods '],
  ['GET', '/api/v1/namespaces', 'list namespaces '],
  ['GET', '/api/v1/namespaces/a', 'get namespaces a'],
  [
    'GET',
    '/apis/postgresql.cnpg.io/v1/namespaces/a/clusters?watch=true&resourceVersion=1',
    'watch clusters ',
  ],
  ['GET', '/api/v1/nodes?watch=1', 'watch nodes '],
  ['GET', '/api/v1/nodes?watch=false', 'list nodes '],
  ['POST', '/apis/coordination.k8s.io/v1/namespaces/a/leases', 'create leases '],
  ['PUT', '/apis/coordination.k8s.io/v1/namespaces/a/leases/l', 'replace leases l'],
  ['PATCH', '/apis/postgresql.cnpg.io/v1/namespaces/a/clusters/c/status', 'patch clusters c'],
  ['DELETE', '/api/v1/nodes/n', 'delete nodes n'],
  ['GET', '/readyz', 'other  '],
];

for (const [method, url, expected] of cases) {
  test(`${method} ${url} is ${expected}`, () => {
    const { verb, resource, name } = targetOf(method, url);
    assert.equal(`${verb} ${resource} ${name}`, expected);
  });
}

test('a match is everything that it does not rule out', () => {
  const target = { verb: 'list', resource: 'pods', name: '' } as const;
  assert.ok(matches({}, target));
  assert.ok(matches({ verbs: ['list', 'watch'], resource: 'pods' }, target));
  assert.ok(!matches({ verbs: ['watch'] }, target));
  assert.ok(!matches({ resource: 'nodes' }, target));
  assert.ok(!matches({ name: 'x' }, target));
});
