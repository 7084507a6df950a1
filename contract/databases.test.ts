import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseMember, databaseService } from './databases.ts';

const CRUNCHY = 'postgres-operator.crunchydata.com';

describe('a pod of a database is known by', () => {
  // As each operator labels its pods.
  const members: [name: string, labels: Record<string, string>][] = [
    [
      'an instance of CloudNativePG',
      {
        'cnpg.io/cluster': 'pg',
        'cnpg.io/instanceName': 'pg-2',
        'cnpg.io/instanceRole': 'replica',
        'cnpg.io/podRole': 'instance',
      },
    ],
    ['a job of CloudNativePG', { 'cnpg.io/cluster': 'pg', 'cnpg.io/jobRole': 'join' }],
    ['an instance of EDB Postgres', { 'k8s.enterprisedb.io/podRole': 'instance' }],
    [
      'a member or a backup of the Zalando operator',
      { application: 'spilo', 'cluster-name': 'acid', 'spilo-role': 'replica', team: 'acid' },
    ],
    ['a member or a backup of the Zalando operator', { application: 'spilo-logical-backup' }],
    [
      'a member or a job of the Crunchy or Percona operator',
      { [`${CRUNCHY}/cluster`]: 'hippo', [`${CRUNCHY}/instance`]: 'hippo-x', [`${CRUNCHY}/role`]: 'master' },
    ],
    [
      'a member or a job of the Crunchy or Percona operator',
      { [`${CRUNCHY}/cluster`]: 'hippo', [`${CRUNCHY}/pgbackrest-backup`]: 'replica-create' },
    ],
    [
      'a member or a job of StackGres',
      { app: 'StackGresCluster', 'stackgres.io/cluster': 'true', 'stackgres.io/cluster-name': 'db' },
    ],
    ['a member of Patroni', { application: 'patroni', 'cluster-name': 'db', role: 'replica' }],
    [
      'a member of the Percona operator for MongoDB',
      { 'app.kubernetes.io/name': 'percona-server-mongodb', 'app.kubernetes.io/component': 'mongod' },
    ],
    [
      'a member of the Percona operator for MySQL',
      { 'app.kubernetes.io/name': 'percona-xtradb-cluster', 'app.kubernetes.io/component': 'pxc' },
    ],
  ];
  for (const [what, labels] of members) {
    test(`its labels: ${what} (${Object.entries(labels).at(-1)?.join('=')})`, () => {
      assert.equal(databaseMember({ metadata: { labels } }), what);
    });
  }

  test('its containers, where the operator has no label of its own', () => {
    for (const name of ['mongodb-agent', 'mongodb-enterprise-database']) {
      const spec = { containers: [{ name: 'mongod' }, { name }] };
      assert.equal(
        databaseMember({ metadata: { labels: { app: 'db-svc' } }, spec }),
        'a member of a MongoDB operator',
      );
    }
  });

  test('its owner', () => {
    const ownerReferences = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster' }];
    assert.equal(databaseMember({ metadata: { ownerReferences } }), 'a pod that postgresql.cnpg.io owns');
  });
});

describe('an application stays one:', () => {
  const applications: [name: string, labels: Record<string, string>][] = [
    ['any', { app: 'web', application: 'shop', 'cluster-name': 'db', role: 'primary' }],
    [
      'a Pooler of CloudNativePG',
      { 'cnpg.io/cluster': 'pg', 'cnpg.io/poolerName': 'rw', 'cnpg.io/podRole': 'pooler' },
    ],
    ['a pooler of Zalando', { application: 'db-connection-pooler', 'cluster-name': 'acid' }],
    ['PgBouncer of Crunchy', { [`${CRUNCHY}/cluster`]: 'hippo', [`${CRUNCHY}/role`]: 'pgbouncer' }],
    ['what is named like something of every object', { 'app.kubernetes.io/name': 'constructor' }],
  ];
  for (const [name, labels] of applications) {
    test(name, () => {
      assert.equal(databaseMember({ metadata: { labels } }), undefined);
      assert.equal(databaseService({ labels }), undefined);
    });
  }

  test('what a Deployment or a Pooler owns, and what has nothing', () => {
    for (const owner of [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
      { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Pooler' },
      { apiVersion: 'constructor/v1', kind: 'Object' },
      { apiVersion: 'v1', kind: 'Node' },
    ]) {
      const metadata = { ownerReferences: [owner] };
      assert.deepEqual([databaseMember({ metadata }), databaseService(metadata)], [undefined, undefined]);
    }
    for (const shape of [{}, { metadata: null }, { metadata: { labels: null, ownerReferences: null } }]) {
      assert.equal(databaseMember({ ...shape, spec: { containers: null } }), undefined);
    }
  });
});

describe('a Service of a database is known by', () => {
  test('its owner', () => {
    for (const [apiVersion, kind] of [
      ['postgresql.cnpg.io/v1', 'Cluster'],
      ['acid.zalan.do/v1', 'postgresql'],
      ['mongodbcommunity.mongodb.com/v1', 'MongoDBCommunity'],
      ['psmdb.percona.com/v1-16-0', 'PerconaServerMongoDB'],
    ] as const) {
      const group = apiVersion.slice(0, apiVersion.indexOf('/'));
      assert.equal(
        databaseService({ labels: { 'cnpg.io/cluster': 'pg' }, ownerReferences: [{ apiVersion, kind }] }),
        `owned by ${group}`,
      );
    }
  });

  test('its labels, where the operator sets no owner', () => {
    assert.equal(
      databaseService({ labels: { application: 'spilo', 'spilo-role': 'master' } }),
      'of the Zalando operator',
    );
    assert.equal(
      databaseService({ labels: { [`${CRUNCHY}/cluster`]: 'x' } }),
      'of the Crunchy or Percona operator',
    );
  });

  test('nothing that a user writes: Patroni makes none', () => {
    assert.equal(databaseService({ labels: { application: 'patroni', 'cluster-name': 'db' } }), undefined);
  });
});
