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
  /** Why it is left alone; reads on from there. */
  readonly why: string;
  /** All of these labels are there. */
  readonly labels?: Marks;
  /** The operator's poolers have these labels as well. */
  readonly poolersToo?: true;
  /** Or one of these containers, where the operator has no label of its own. */
  readonly containers?: readonly string[];
  /** Only of pods: a Service with these labels is one that a user made. */
  readonly onlyPods?: true;
}

export const TAKES_OVER = 'which could not take over while it stands by';
const WORKS = 'which has to work whatever site is active';
const COUNTS = 'and its operator calls the cluster ready only when all of them are';

const CRUNCHY = 'postgres-operator.crunchydata.com';
const NAME = 'app.kubernetes.io/name';
const COMPONENT = 'app.kubernetes.io/component';

/** docs/databases.md is generated from this table and those below. */
export const DATABASES: readonly DatabaseRow[] = [
  // CloudNativePG, pkg/specs/pods.go and pkg/specs/jobs.go.
  { what: 'an instance of CloudNativePG', why: TAKES_OVER, labels: { 'cnpg.io/podRole': ['instance'] } },
  { what: 'a job of CloudNativePG', why: WORKS, labels: { 'cnpg.io/jobRole': [] } },
  // The same as EDB builds it.
  {
    what: 'an instance of EDB Postgres',
    why: TAKES_OVER,
    labels: { 'k8s.enterprisedb.io/podRole': ['instance'] },
  },
  { what: 'a job of EDB Postgres', why: WORKS, labels: { 'k8s.enterprisedb.io/jobRole': [] } },
  {
    what: 'a member or a backup of the Zalando operator',
    why: WORKS,
    labels: { application: ['spilo', 'spilo-logical-backup'] },
  },
  // PGO, internal/naming/labels.go; Percona's operator for PostgreSQL is made of it.
  {
    what: 'a member or a job of the Crunchy or Percona operator',
    why: WORKS,
    labels: { [`${CRUNCHY}/cluster`]: [] },
    poolersToo: true,
  },
  { what: 'a member or a job of StackGres', why: WORKS, labels: { 'stackgres.io/cluster-name': [] } },
  { what: 'a member of StackGres', why: TAKES_OVER, labels: { 'stackgres.io/cluster': ['true'] } },
  // Patroni's own manifests: its defaults of kubernetes.labels and kubernetes.scope_label.
  {
    what: 'a member of Patroni',
    why: TAKES_OVER,
    labels: { application: ['patroni'], 'cluster-name': [] },
    onlyPods: true,
  },
  // Percona's operators, pkg/naming and status.go of each: backups and updates wait for a cluster that is ready.
  {
    what: 'a router of the Percona operator for MongoDB',
    why: COUNTS,
    labels: { [NAME]: ['percona-server-mongodb'], [COMPONENT]: ['mongos'] },
  },
  {
    what: 'a member or a job of the Percona operator for MongoDB',
    why: WORKS,
    labels: { [NAME]: ['percona-server-mongodb'] },
  },
  {
    what: 'a proxy of the Percona operator for MySQL',
    why: COUNTS,
    labels: {
      [NAME]: ['percona-xtradb-cluster', 'percona-server'],
      [COMPONENT]: ['haproxy', 'proxysql', 'router'],
    },
  },
  {
    what: 'the Orchestrator of the Percona operator for MySQL',
    why: 'which fails over from one site to the other',
    labels: { [NAME]: ['percona-server'], [COMPONENT]: ['orc', 'orchestrator'] },
  },
  {
    what: 'a member or a job of the Percona operator for MySQL',
    why: WORKS,
    labels: { [NAME]: ['percona-xtradb-cluster', 'percona-server'] },
  },
  // Community and MCK: their pods have the label app=NAME-svc alone, and an agent.
  {
    what: 'a member of a MongoDB operator',
    why: TAKES_OVER,
    containers: ['mongodb-agent', 'mongodb-enterprise-database'],
  },
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

/**
 * What of a database a pod is and why it is left alone; undefined: an application. Of a template, `owners` are those of
 * the workload, as its pods are owned by nobody else.
 */
export function databaseMember(
  { metadata, spec }: PodShape,
  owners: Metadata['ownerReferences'] = metadata?.ownerReferences,
): string | undefined {
  const labels = metadata?.labels ?? {};
  const containers = spec?.containers?.map(({ name }) => name) ?? [];
  const row = DATABASES.find(
    (one) => isOfRow(labels, one) || one.containers?.some((name) => containers.includes(name)) === true,
  );
  if (row !== undefined) return `${row.what}, ${row.why}`;
  const group = ownerOf(owners);
  return group && !isPooler(labels) ? `a part of what ${group} owns, ${WORKS}` : undefined;
}

/** Of which database's operator a Service is, which routes as that operator wants it; undefined: of none. */
export function databaseService(metadata: Metadata | null | undefined): string | undefined {
  const labels = metadata?.labels ?? {};
  const row = DATABASES.find((one) => one.onlyPods !== true && isOfRow(labels, one));
  const group = isPooler(labels) ? undefined : ownerOf(metadata?.ownerReferences);
  return group === undefined ? row?.what.replace(/^.* of /, 'of ') : `owned by ${group}`;
}

/** Whether an object of this kind is a database, or something that its operator works with, and no application. */
export function isOfDatabase({
  apiVersion,
  kind,
}: {
  readonly apiVersion: string;
  readonly kind: string;
}): boolean {
  return OWNERS.includes(groupOf(apiVersion)) && !OTHER_KINDS.includes(kind);
}

/** Its API group, as it stands here: a part of somebody's text would keep all of it in memory. */
function ownerOf(owners: Metadata['ownerReferences']): string | undefined {
  const owner = owners?.find(isOfDatabase);
  return owner && OWNERS.find((group) => group === groupOf(owner.apiVersion));
}

function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
}

/** A pooler's mark says nothing where only the members have the labels of the row: users can put labels on these. */
function isOfRow(labels: Labels, { labels: marks, poolersToo }: DatabaseRow): boolean {
  return isMarked(labels, marks) && !(poolersToo === true && isPooler(labels));
}

function isPooler(labels: Labels): boolean {
  return POOLERS.some((marks) => isMarked(labels, marks));
}

function isMarked(labels: Labels, marks: Marks | undefined): boolean {
  if (marks === undefined) return false;
  // It runs over all rows for each new pod, so it allocates no objects.
  for (const key in marks) {
    const value = labels[key];
    const values = marks[key];
    if (value === undefined || values === undefined) return false;
    if (values.length > 0 && !values.includes(value)) return false;
  }
  return true;
}
