/**
 * What belongs to a database, by what its operator writes on it: the members, and the jobs and Services that the operator
 * has for them. None of it may hang on which site is active: a site is active because the primary is there, so a member
 * that stands by until its site is active can never become the primary. What only speaks to a database is an application,
 * and so is a pooler.
 */

type Labels = Readonly<Record<string, string>>;

interface Metadata {
  readonly labels?: Labels | null | undefined;
  readonly ownerReferences?:
    | readonly { readonly apiVersion: string; readonly kind: string }[]
    | null
    | undefined;
}

/** A pod or a pod template. */
export interface PodShape {
  readonly metadata?: Metadata | null | undefined;
  readonly spec?: {
    readonly containers?: readonly { readonly name?: string | null | undefined }[] | null | undefined;
  };
}

/** Of each label the values that count; none: any. */
export type Marks = Readonly<Record<string, readonly string[]>>;

export interface DatabaseRow {
  /** Reads on from "it is". */
  readonly what: string;
  /** All of these labels are there. */
  readonly labels?: Marks;
  /** Or one of these containers, where the operator has no label of its own. */
  readonly containers?: readonly string[];
  /** Only of pods: a Service with these labels is one that a user made. */
  readonly onlyPods?: true;
}

const CRUNCHY = 'postgres-operator.crunchydata.com';

/** docs/databases.md is generated from this table and those below. */
export const DATABASES: readonly DatabaseRow[] = [
  // CloudNativePG, pkg/specs/pods.go and pkg/specs/jobs.go.
  { what: 'an instance of CloudNativePG', labels: { 'cnpg.io/podRole': ['instance'] } },
  { what: 'a job of CloudNativePG', labels: { 'cnpg.io/jobRole': [] } },
  // The same as EDB builds it.
  { what: 'an instance of EDB Postgres', labels: { 'k8s.enterprisedb.io/podRole': ['instance'] } },
  { what: 'a job of EDB Postgres', labels: { 'k8s.enterprisedb.io/jobRole': [] } },
  {
    what: 'a member or a backup of the Zalando operator',
    labels: { application: ['spilo', 'spilo-logical-backup'] },
  },
  // PGO, internal/naming/labels.go; Percona's operator for PostgreSQL is made of it.
  { what: 'a member or a job of the Crunchy or Percona operator', labels: { [`${CRUNCHY}/cluster`]: [] } },
  { what: 'a member or a job of StackGres', labels: { 'stackgres.io/cluster-name': [] } },
  { what: 'a member of StackGres', labels: { 'stackgres.io/cluster': ['true'] } },
  // Patroni's own manifests: its defaults of kubernetes.labels and kubernetes.scope_label.
  {
    what: 'a member of Patroni',
    labels: { application: ['patroni'], 'cluster-name': [] },
    onlyPods: true,
  },
  // Routers and proxies too: these operators call the cluster ready, and back it up, when all of them are.
  {
    what: 'a member of the Percona operator for MongoDB',
    labels: { 'app.kubernetes.io/name': ['percona-server-mongodb'] },
  },
  {
    what: 'a member of the Percona operator for MySQL',
    labels: { 'app.kubernetes.io/name': ['percona-xtradb-cluster', 'percona-server'] },
  },
  // Community and MCK: their pods have the label app=NAME-svc alone, and an agent.
  { what: 'a member of a MongoDB operator', containers: ['mongodb-agent', 'mongodb-enterprise-database'] },
];

/** Applications, though a database's operator makes them. */
export const POOLERS: readonly Marks[] = [
  { 'cnpg.io/podRole': ['pooler'] },
  { 'cnpg.io/poolerName': [] },
  { 'k8s.enterprisedb.io/podRole': ['pooler'] },
  { application: ['db-connection-pooler'] },
  { [`${CRUNCHY}/role`]: ['pgbouncer', 'pgadmin'] },
];

/** The API groups of the operators. */
export const OWNERS: readonly string[] = [
  'postgresql.cnpg.io',
  'postgresql.k8s.enterprisedb.io',
  'acid.zalan.do',
  CRUNCHY,
  'pgv2.percona.com',
  'stackgres.io',
  'psmdb.percona.com',
  'pxc.percona.com',
  'ps.percona.com',
  'mongodbcommunity.mongodb.com',
  'mongodb.com',
];

/** Kinds of theirs that are applications. */
export const OTHER_KINDS: readonly string[] = ['Pooler', 'PGAdmin', 'MongoDBOpsManager'];

/** What of a database a pod is, or the pods of a template are; undefined: an application. */
export function databaseMember({ metadata, spec }: PodShape): string | undefined {
  const labels = metadata?.labels ?? {};
  if (isPooler(labels)) return undefined;
  const containers = spec?.containers?.map(({ name }) => name) ?? [];
  const row = DATABASES.find(
    (one) =>
      isMarked(labels, one.labels) || one.containers?.some((name) => containers.includes(name)) === true,
  );
  if (row !== undefined) return row.what;
  const group = ownerOf(metadata);
  return group && `a pod that ${group} owns`;
}

/** Of which database's operator a Service is, which routes as that operator wants it; undefined: of none. */
export function databaseService(metadata: Metadata | null | undefined): string | undefined {
  const labels = metadata?.labels ?? {};
  if (isPooler(labels)) return undefined;
  const row = DATABASES.find((one) => one.onlyPods !== true && isMarked(labels, one.labels));
  const group = ownerOf(metadata);
  return group === undefined ? row?.what.replace(/^.* of /, 'of ') : `owned by ${group}`;
}

/** Its API group: what a review says of a kind may be anything. */
function ownerOf(metadata: Metadata | null | undefined): string | undefined {
  const owner = metadata?.ownerReferences?.find(
    ({ apiVersion, kind }) => OWNERS.includes(groupOf(apiVersion)) && !OTHER_KINDS.includes(kind),
  );
  return owner && groupOf(owner.apiVersion);
}

function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
}

function isPooler(labels: Labels): boolean {
  return POOLERS.some((marks) => isMarked(labels, marks));
}

function isMarked(labels: Labels, marks: Marks | undefined): boolean {
  if (marks === undefined) return false;
  return Object.entries(marks).every(([key, values]) => {
    const value = labels[key];
    return value !== undefined && (values.length === 0 || values.includes(value));
  });
}
