import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deprecated, exceptionsIn, forbidden, grantsOf, parseAudit, sayGrant, unused } from './audit.ts';

function line(
  verb: string,
  resource: string,
  more: { name?: string; namespace?: string; code?: number; annotations?: Record<string, string> } = {},
): string {
  const { name, namespace, code = 200, annotations } = more;
  return JSON.stringify({
    verb,
    requestURI: `/api/v1/${resource}`,
    stageTimestamp: '2026-01-01T00:00:00.000000Z',
    user: { username: 'system:serviceaccount:ours:controller' },
    objectRef: { resource, name, namespace },
    responseStatus: { code },
    annotations,
  });
}

test('grants that no request used are found, by namespace and name', () => {
  const log = [
    line('list', 'pods'),
    line('get', 'secrets', { name: 'other', namespace: 'ours' }),
    line('get', 'configmaps', { name: 'status', namespace: 'theirs' }),
    '{"verb": "half a li',
    'no JSON',
  ].join('\n');
  const uses = parseAudit(log);
  assert.equal(uses.length, 3);
  const own = grantsOf(
    'Role own',
    [
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['tls'], verbs: ['get'] },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
    ],
    ['ours/controller'],
    'ours',
  );
  const everywhere = grantsOf(
    'ClusterRole all',
    [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }],
    ['ours/controller'],
    undefined,
  );
  assert.deepEqual(unused([...own, ...everywhere], uses).map(sayGrant), [
    'ours/controller: get secrets (tls), by Role own',
    'ours/controller: get configmaps, by Role own',
    'ours/controller: watch pods, by ClusterRole all',
  ]);
});

test('what was refused is told with its time', () => {
  const [refused] = forbidden(parseAudit(`${line('list', 'pods')}\n${line('patch', 'pods', { code: 403 })}`));
  assert.equal(refused?.verb, 'patch');
  assert.equal(refused?.at, Date.parse('2026-01-01T00:00:00Z'));
});

test('a request to an API that will go is told', () => {
  const old = { 'k8s.io/deprecated': 'true', 'k8s.io/removed-release': '1.40' };
  const log = [line('list', 'pods'), line('list', 'endpoints', { annotations: old })].join('\n');
  assert.deepEqual(
    deprecated(parseAudit(log)).map(({ resource }) => resource),
    ['endpoints'],
  );
});

test('a comment in a template explains what is not used, for those verbs of that resource alone', () => {
  const [exception, ...others] = exceptionsIn(
    '# Reads secrets.\n{{- /* Unused in the e2e run: update,delete secrets: renewal is weeks away. */}}\n- verbs: [update]',
  );
  assert.ok(exception !== undefined && others.length === 0);
  assert.equal(exception.reason, 'renewal is weeks away.');
  const grant = (verb: string, resource: string) => {
    const [one] = grantsOf(
      'Role r',
      [{ apiGroups: [''], resources: [resource], verbs: [verb] }],
      ['n/a'],
      'n',
    );
    assert.ok(one !== undefined);
    return one;
  };
  assert.ok(exception.covers(grant('delete', 'secrets')));
  assert.ok(!exception.covers(grant('get', 'secrets')));
  assert.ok(!exception.covers(grant('update', 'configmaps')));
});
