import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { databaseMember, databaseService } from './databases.ts';

const CRUNCHY = 'postgres-operator.crunchydata.com';

const percona = (name: string, component: string) => ({
  'app.kubernetes.io/name': `percona-${name}`,
  'app.kubernetes.io/component': component,
});
const TAKES_OVER = 'which could not take over while it stands by';
const WORKS = 'which has to work whatever site is active';
const COUNTS = 'and its operator calls the cluster ready only when all of them are';

describe('a pod of a database is known by', () => {
  // As each operator labels its pods.
  const members: [what: string, why: string, labels: Record<string, string>][] = [
    [
      'an instance of CloudNativePG',
      TAKES_OVER,
      {
        'cnpg.io/cluster': 'pg',
        'cnpg.io/instanceName': 'pg-2',
        'cnpg.io/instanceRole': 'replica',
        'cnpg.io/podRole': 'instance',
      },
    ],
    ['a job of CloudNativePG', WORKS, { 'cnpg.io/cluster': 'pg', 'cnpg.io/jobRole': 'join' }],
    ['an instance of EDB Postgres', TAKES_OVER, { 'k8s.enterprisedb.io/podRole': 'instance' }],
    [
      'a member or a backup of the Zalando operator',
      WORKS,
      { application: 'spilo', 'cluster-name': 'acid', 'spilo-role': 'replica', team: 'acid' },
    ],
    ['a member or a backup of the Zalando operator', WORKS, { application: 'spilo-logical-backup' }],
    [
      'a member or a job of the Crunchy or Percona operator',
      WORKS,
      { [`${CRUNCHY}/cluster`]: 'hippo', [`${CRUNCHY}/instance`]: 'hippo-x', [`${CRUNCHY}/role`]: 'master' },
    ],
    [
      'a member or a job of the Crunchy or Percona operator',
      WORKS,
      { [`${CRUNCHY}/cluster`]: 'hippo', [`${CRUNCHY}/pgbackrest-backup`]: 'replica-create' },
    ],
    [
      'a member or a job of StackGres',
      WORKS,
      { app: 'StackGresCluster', 'stackgres.io/cluster': 'true', 'stackgres.io/cluster-name': 'db' },
    ],
    ['a member of Patroni', TAKES_OVER, { application: 'patroni', 'cluster-name': 'db', role: 'replica' }],
    ['a member or a job of the Percona operator for MongoDB', WORKS, percona('server-mongodb', 'mongod')],
    ['a router of the Percona operator for MongoDB', COUNTS, percona('server-mongodb', 'mongos')],
    ['a member or a job of the Percona operator for MySQL', WORKS, percona('xtradb-cluster', 'pxc')],
    ['a member or a job of the Percona operator for MySQL', WORKS, percona('server', 'mysql')],
    ['a proxy of the Percona operator for MySQL', COUNTS, percona('xtradb-cluster', 'haproxy')],
    ['a proxy of the Percona operator for MySQL', COUNTS, percona('xtradb-cluster', 'proxysql')],
    ['a proxy of the Percona operator for MySQL', COUNTS, percona('server', 'router')],
    [
      'the Orchestrator of the Percona operator for MySQL',
      'which fails over from one site to the other',
      percona('server', 'orchestrator'),
    ],
  ];
  for (const [what, why, labels] of members) {
    test(`its labels: ${what} (${Object.entries(labels).at(-1)?.join('=')})`, () => {
      assert.equal(databaseMember({ metadata: { labels } }), `${what}, ${why}`);
    });
  }

  test('its labels, though a user has given it a pooler’s as well', () => {
    const pooler = { application: 'db-connection-pooler', 'cnpg.io/poolerName': 'x' };
    for (const [what, why, labels] of members.filter(([, , labels]) => labels.application === undefined)) {
      const isCrunchy = labels[`${CRUNCHY}/cluster`] !== undefined;
      const expected = isCrunchy ? undefined : `${what}, ${why}`;
      assert.equal(databaseMember({ metadata: { labels: { ...labels, ...pooler } } }), expected);
    }
  });

  test('its containers, where the operator has no label of its own', () => {
    for (const name of ['mongodb-agent', 'mongodb-enterprise-database']) {
      const spec = { containers: [{ name: 'mongod' }, { name }] };
      assert.equal(
        databaseMember({ metadata: { labels: { app: 'db-svc' } }, spec }),
        `a member of a MongoDB operator, ${TAKES_OVER}`,
      );
    }
  });

  test('its owner', () => {
    const ownerReferences = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster' }];
    const owned = `a part of what postgresql.cnpg.io owns, ${WORKS}`;
    assert.equal(databaseMember({ metadata: { ownerReferences } }), owned);
  });

  test('the owner of its workload, but for a pooler', () => {
    for (const [apiVersion, kind] of [
      ['psmdb.percona.com/v1', 'PerconaServerMongoDB'],
      ['mongodbcommunity.mongodb.com/v1', 'MongoDBCommunity'],
      ['pxc.percona.com/v1', 'PerconaXtraDBCluster'],
      ['ps.percona.com/v1alpha1', 'PerconaServerMySQL'],
      ['acid.zalan.do/v1', 'postgresql'],
      [`${CRUNCHY}/v1beta1`, 'PostgresCluster'],
      ['stackgres.io/v1', 'SGCluster'],
      ['postgresql.cnpg.io/v1', 'Cluster'],
    ] as const) {
      const owners = [{ apiVersion, kind }];
      const group = apiVersion.slice(0, apiVersion.indexOf('/'));
      const owned = `a part of what ${group} owns, ${WORKS}`;
      assert.equal(databaseMember({ metadata: { labels: { app: 'db' } } }, owners), owned);
      assert.equal(databaseMember({}, owners), owned);
      assert.equal(
        databaseMember({ metadata: { labels: { [`${CRUNCHY}/role`]: 'pgbouncer' } } }, owners),
        undefined,
      );
    }
    assert.equal(databaseMember({}, [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Pooler' }]), undefined);
    // Nobody owns a template: what is written there means nothing.
    const ownerReferences = [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster' }];
    assert.equal(databaseMember({ metadata: { ownerReferences } }, []), undefined);
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

test('what is said of a pod keeps nothing of what its owner says, which may be a megabyte', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const said: (string | undefined)[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 50; count += 1) {
    const apiVersion = JSON.parse(`"postgresql.cnpg.io/${count}${'x'.repeat(1_000_000)}"`) as string;
    const ownerReferences = [{ apiVersion, kind: 'Cluster' }];
    said.push(databaseMember({ metadata: { ownerReferences } }), databaseService({ ownerReferences }));
  }
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  assert.equal(said[0], `a part of what postgresql.cnpg.io owns, ${WORKS}`);
  assert.ok(grown < 5_000_000, `the heap has grown by ${grown} bytes`);
});
