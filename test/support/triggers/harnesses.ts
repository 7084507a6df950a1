/** A harness for each kind of trigger. */

import { CLUSTERS } from '../../../cnpg/cluster.ts';
import { STATUS_CONFIGMAP } from '../../../contract/names.ts';
import type { KubeObject, Resource } from '../../../kubernetes/api.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import { CONFIG_MAPS, LEASES, NODES, namespaced, PODS } from '../../../kubernetes/resources.ts';
import { createCnpgCluster } from '../cnpg.ts';
import { installLooseCrd, setNodeReady } from '../seed.ts';
import { createPods, type Ground, PLACES, type Place, podAt, type StartTriggerHarness } from './harness.ts';
import { startHelloHarness } from './hello-harness.ts';

const NAME = 'db';

const cnpg: StartTriggerHarness = async ({ api, namespace, nodes }) => {
  const at = PLACES.map((place) => nodes[place]);
  const cluster = await createCnpgCluster({ api, namespace, name: NAME, nodes: at });
  const setPrimary = (pod: string) => cluster.setStatus({ currentPrimary: pod, targetPrimary: pod });
  return {
    settings: { kind: 'cnpg', namespace, clusterName: NAME },
    lead: (place) => setPrimary(cluster.instance(PLACES.indexOf(place))),
    vanish: () => setPrimary(''),
    vanished: 'PrimaryEmpty',
    garbage: [
      { what: 'the word pending', reason: 'PrimaryPending', enter: () => setPrimary('pending') },
      { what: 'what is no name', reason: 'SourceInvalid', enter: () => setPrimary('../nodes/Ünsinn') },
    ],
    source: { verbs: ['get'], resource: 'clusters' },
  };
};

/** Of three clusters this one is in the east; what becomes of the others is told by their name alone. */
const cnpgTopology: StartTriggerHarness = async ({ api, namespace, nodes }) => {
  const cluster = await createCnpgCluster({ api, namespace, name: NAME, nodes: [nodes.east] });
  const instance = cluster.instance(0);
  return {
    sites: PLACES.map((name) => ({ name, cluster: `pg-${name}` })),
    nodes: { east: nodes.east, west: '', south: '' },
    settings: { kind: 'cnpg-topology', namespace, clusterName: NAME, self: 'pg-east' },
    lead: async (place) => {
      await cluster.setStatus({ currentPrimary: instance, targetPrimary: instance });
      await cluster.setReady(instance, true);
      await cluster.setReplica({ self: 'pg-east', primary: `pg-${place}`, source: 'pg-west' });
    },
    vanish: () => cluster.setStatus({ currentPrimary: '', targetPrimary: '' }),
    vanished: 'PrimaryEmpty',
    garbage: [
      {
        what: 'no topology any more',
        reason: 'NotInTopology',
        enter: () => api.patch(CLUSTERS, cluster, { spec: { replica: null } }, { type: 'merge' }),
      },
      {
        what: 'the primary under a name that it has not',
        reason: 'NotInTopology',
        enter: () => cluster.setReplica({ self: 'pg-north', primary: 'pg-north', source: 'pg-west' }),
      },
      {
        what: 'a primary that is not ready',
        reason: 'PrimaryNotReady',
        enter: () => cluster.setReady(instance, false),
      },
    ],
    source: { verbs: ['get'], resource: 'clusters' },
  };
};

const podLabel: StartTriggerHarness = async (ground) => {
  const { api, namespace } = ground;
  await createPods(ground, { 'cluster-name': NAME, role: 'replica' });
  let timeline = 1;
  const label = (place: Place, role: string, status?: string) => {
    const annotations = { status: status ?? JSON.stringify({ role, timeline }) };
    const metadata = { labels: { role }, annotations };
    return api.patch(PODS, { namespace, name: podAt(place) }, { metadata }, { type: 'merge' });
  };
  const lead = async (leader?: Place) => {
    // The new one first, in a timeline of its own: of two, neither may lead alone for a moment.
    timeline += 1;
    if (leader !== undefined) await label(leader, 'primary');
    for (const place of PLACES) if (place !== leader) await label(place, 'replica');
  };
  return {
    settings: { kind: 'pod-label', namespace, preset: 'patroni', cluster: NAME },
    lead,
    vanish: () => lead(),
    vanished: 'PrimaryEmpty',
    garbage: [
      {
        what: 'an annotation that is no JSON',
        reason: 'SourceInvalid',
        enter: () => label('west', 'primary', '{'),
      },
      {
        what: 'two of one timeline',
        reason: 'PrimaryAmbiguous',
        enter: async () => {
          await label('west', 'primary');
          await label('east', 'primary');
        },
      },
      {
        what: 'the leader of a standby cluster',
        reason: 'StandbyCluster',
        enter: () => label('west', 'primary', '{"role":"standby_leader"}'),
      },
    ],
    source: { verbs: ['list'], resource: 'pods' },
  };
};

const lease: StartTriggerHarness = async (ground) => {
  const { api, namespace } = ground;
  const key = { namespace, name: NAME };
  await createPods(ground);
  const put = async (spec: object) => {
    const there = await api.get(LEASES, key).catch(ignoreNotFound);
    if (there === undefined) await api.create(LEASES, { metadata: key });
    await api.patch(LEASES, key, { spec }, { type: 'merge' });
  };
  const now = () => new Date().toISOString().replace('Z', '000Z');
  const hold = (holderIdentity: string, leaseDurationSeconds: number | null = 3600) =>
    put({ holderIdentity, leaseDurationSeconds, renewTime: now() });
  return {
    settings: { kind: 'lease', namespace, name: NAME },
    lead: (place) => hold(`${podAt(place)}_0a1b2c3d`),
    vanish: () => api.delete(LEASES, key),
    vanished: 'SourceNotFound',
    garbage: [
      { what: 'a holder that is no pod', reason: 'SourceInvalid', enter: () => hold('NO pod/at all') },
      {
        what: 'a Lease without an end',
        reason: 'SourceInvalid',
        enter: () => hold(podAt('west'), null),
      },
      {
        what: 'a pod that is not there',
        reason: 'PodNotFound',
        enter: () => hold('db-nowhere'),
      },
      { what: 'one that ends', reason: 'PrimaryExpired', enter: () => hold(podAt('east'), 1) },
    ],
    source: { verbs: ['get'], resource: 'leases', name: NAME },
  };
};

/** A custom resource in whose status the primary stands. */
async function customResource(ground: Ground, resource: Resource) {
  const { api, namespace } = ground;
  await installLooseCrd(api, resource);
  await createPods(ground);
  const key = { namespace, name: NAME };
  const setStatus = async (status: object | null) => {
    const there = await api.get(resource, key).catch(ignoreNotFound);
    if (there === undefined) await api.create<KubeObject>(resource, { metadata: key });
    // Null first: a merge would keep what the new status does not have.
    for (const each of [null, status]) {
      if (each === null && there === undefined) continue;
      await api.patch(resource, key, { status: each }, { type: 'merge', subresource: 'status' });
    }
  };
  return { key, setStatus, remove: () => api.delete(resource, key) };
}

const PSMDB = namespaced('psmdb.percona.com/v1', 'perconaservermongodbs', 'PerconaServerMongoDB');

const psmdb: StartTriggerHarness = async (ground) => {
  const { namespace } = ground;
  const { setStatus, remove } = await customResource(ground, PSMDB);
  const setMembers = (members: unknown) => setStatus({ replsets: { rs0: { members } } });
  const states = (...primaries: Place[]) =>
    Object.fromEntries(
      PLACES.map((place) => [podAt(place), { name: podAt(place), state: primaries.includes(place) ? 1 : 2 }]),
    );
  return {
    settings: { kind: 'mongodb', source: 'psmdb', namespace, clusterName: NAME, replicaSet: 'rs0' },
    lead: (place) => setMembers(states(place)),
    vanish: remove,
    vanished: 'SourceNotFound',
    garbage: [
      { what: 'members that are a text', reason: 'SourceInvalid', enter: () => setMembers('db-west') },
      { what: 'two primaries', reason: 'PrimaryAmbiguous', enter: () => setMembers(states('east', 'west')) },
      { what: 'none', reason: 'PrimaryEmpty', enter: () => setMembers(states()) },
      {
        what: 'a member that is no pod',
        reason: 'SourceInvalid',
        enter: () => setMembers({ '../nodes/db': { state: 1 } }),
      },
    ],
    source: { verbs: ['get'], resource: PSMDB.plural },
  };
};

const DATABASES = namespaced('mysql.example.com/v2', 'databases', 'Database');

const resource: StartTriggerHarness = async (ground) => {
  const { key, setStatus, remove } = await customResource(ground, DATABASES);
  const setMembers = (...members: unknown[]) => setStatus({ members });
  const primary = (pod: unknown) => ({ role: 'primary', pod });
  const path = "$.status.members[?@.role == 'primary'].pod";
  return {
    settings: { kind: 'resource', apiVersion: 'mysql.example.com/v2', resource: 'databases', ...key, path },
    lead: (place) => setMembers({ role: 'secondary', pod: 'db-0' }, primary(podAt(place))),
    vanish: remove,
    vanished: 'SourceNotFound',
    garbage: [
      { what: 'a number', reason: 'SourceInvalid', enter: () => setMembers(primary(7)) },
      { what: 'what is no name', reason: 'SourceInvalid', enter: () => setMembers(primary('a/../b')) },
      {
        what: 'two names',
        reason: 'PrimaryAmbiguous',
        enter: () => setMembers(primary('db-east'), primary('db-west')),
      },
      { what: 'nothing', reason: 'PrimaryEmpty', enter: () => setStatus({ members: 'none' }) },
    ],
    source: { verbs: ['get'], resource: 'databases' },
  };
};

const nodeStatus: StartTriggerHarness = async ({ api, nodes }) => {
  const lead = async (leader?: Place) => {
    for (const place of PLACES) if (place !== leader) await setNodeReady(api, nodes[place], false);
    if (leader !== undefined) await setNodeReady(api, nodes[leader], true);
  };
  const setConditions = async (conditions: unknown) => {
    for (const place of PLACES) {
      await api.patch(
        NODES,
        { name: nodes[place] },
        { status: { conditions } },
        { type: 'merge', subresource: 'status' },
      );
    }
  };
  return {
    settings: { kind: 'node-status', unreadyAfter: 0 },
    lead,
    vanish: () => lead(),
    vanished: 'NoSiteReady',
    garbage: [
      {
        what: 'a readiness that nobody knows',
        reason: 'NoSiteReady',
        enter: () => setConditions([{ type: 'Ready', status: 'Perhaps' }]),
      },
      { what: 'no conditions', reason: 'NoSiteReady', enter: () => setConditions(null) },
    ],
    source: { verbs: ['get', 'list'], resource: 'nodes' },
  };
};

const manual: StartTriggerHarness = async ({ api, own }) => {
  const key = { namespace: own, name: STATUS_CONFIGMAP };
  const choose = (site: string | null) => {
    const annotations = { 'site-follower/manual-site': site };
    return api.patch(CONFIG_MAPS, key, { metadata: { annotations } }, { type: 'merge' });
  };
  // Whose word it is stands on the status, which the first leader makes.
  await api.create(CONFIG_MAPS, { metadata: key });
  return {
    settings: { kind: 'manual' },
    lead: choose,
    vanish: () => choose(null),
    vanished: 'NothingChosen',
    garbage: [{ what: 'no site', reason: 'SourceInvalid', enter: () => choose('atlantis') }],
  };
};

/** By the name of the kind, with what follows it for its further sources. */
export const TRIGGER_HARNESSES: Readonly<Record<string, StartTriggerHarness>> = {
  cnpg,
  'cnpg-topology': cnpgTopology,
  mongodb: psmdb,
  'mongodb, asked': startHelloHarness,
  'node-status': nodeStatus,
  'pod-label': podLabel,
  lease,
  resource,
  manual,
};
