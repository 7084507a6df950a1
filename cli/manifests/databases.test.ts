import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { injectManifests } from './inject.ts';

const loaded = loadInjectorConfig({ SIDECAR_IMAGE: 'example/site-follower:1' });
assert.ok(loaded.ok);
const { value: config } = loaded;

const OWNERS = [
  ['psmdb.percona.com/v1', 'PerconaServerMongoDB'],
  ['pxc.percona.com/v1', 'PerconaXtraDBCluster'],
  ['mongodbcommunity.mongodb.com/v1', 'MongoDBCommunity'],
  ['acid.zalan.do/v1', 'postgresql'],
  ['postgres-operator.crunchydata.com/v1beta1', 'PostgresCluster'],
  ['stackgres.io/v1', 'SGCluster'],
  ['postgresql.cnpg.io/v1', 'Cluster'],
] as const;

const template = {
  metadata: { labels: { app: 'db', 'site-follower/inject': 'true' } },
  spec: { containers: [{ name: 'db', image: 'db:1' }] },
};
const SPECS: readonly [apiVersion: string, kind: string, body: object][] = [
  ['v1', 'Pod', { spec: template.spec }],
  ['apps/v1', 'StatefulSet', { spec: { template } }],
  ['apps/v1', 'Deployment', { spec: { template } }],
  ['apps/v1', 'ReplicaSet', { spec: { template } }],
  ['batch/v1', 'Job', { spec: { template } }],
  ['batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template } } } }],
];

for (const [owner, kindOfOwner] of OWNERS) {
  test(`nothing is injected into what a ${kindOfOwner} owns, whose pods have no label of its operator`, () => {
    for (const [apiVersion, kind, body] of SPECS) {
      const ownerReferences = [
        { apiVersion: owner, kind: kindOfOwner, name: 'db', uid: 'u', controller: true },
      ];
      const { labels } = template.metadata;
      const text = JSON.stringify({
        apiVersion,
        kind,
        metadata: { name: 'db', labels, ownerReferences },
        ...body,
      });
      const { output, notes } = injectManifests(text, config);
      assert.equal(output, text, kind);
      const group = owner.slice(0, owner.indexOf('/'));
      assert.ok(notes.join().includes(`skipped: it is a part of what ${group} owns`), notes.join());
    }
  });
}

test('a label on a database itself is told to do nothing, and on its pooler where it belongs', () => {
  const notes = (kind: string) =>
    injectManifests(
      `apiVersion: postgresql.cnpg.io/v1\nkind: ${kind}\nmetadata: {name: pg, labels: {site-follower/inject: "true"}}\n`,
      config,
    ).notes.join('\n');
  assert.match(
    notes('Cluster'),
    /no effect on a Cluster: its pods are a database’s, which are never injected$/,
  );
  assert.match(notes('Pooler'), /no effect on a Pooler, put it on its pod template$/);
});
