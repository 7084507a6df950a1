import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import { SIDECAR_CONTAINER, SIDECAR_ENV } from '../../../contract/sidecar.ts';
import { asks, labelled, pod, type Row, refuses, rowsOf } from './row.ts';

const row = rowsOf('pods');
const created = (what: string, away: Row['away'], metadata: object, there?: number, spec = {}) =>
  row(what, away, undefined, { create: pod(metadata, spec) }, there);

const initContainers = [{ name: SIDECAR_CONTAINER, image: 'example/sidecar:1', restartPolicy: 'Always' }];
/** By which our own is known where annotations were left out. */
const env = [{ name: SIDECAR_ENV.configMap, value: 'status' }];
const INSTANCE = { 'cnpg.io/podRole': 'instance' };
const CLUSTER = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg', uid: 'u-1' };
const injected = { labels: asks, annotations: { [ANNOTATIONS.status]: 'injected' } };

export const PODS: readonly Row[] = [
  created('one that asks is created', 'waits', { labels: asks }, 1),
  created('one that asks in no clear word is created', 'waits', { labels: { [LABELS.inject]: 'yes' } }),
  created('one with the label false is created', 'passes', { labels: refuses }, 0),
  created('one that says nothing is created', 'passes', {}, 0),
  created('one on the host network is created', 'passes', { labels: asks }, 0, { hostNetwork: true }),
  created('one for Windows is created', 'passes', { labels: asks }, 0, { os: { name: 'windows' } }),
  created('one for nodes with Windows is created', 'passes', { labels: asks }, 0, {
    nodeSelector: { 'kubernetes.io/os': 'windows' },
  }),
  created('an instance of a database is created', 'passes', { labels: { ...asks, ...INSTANCE } }, 0),
  created('a member of a database whose operator has no label is created', 'passes', { labels: asks }, 0, {
    containers: [{ name: 'mongodb-agent', image: 'example/agent:1' }],
  }),
  created('what a Cluster owns is created', 'passes', { labels: asks, ownerReferences: [CLUSTER] }, 0),
  created('a copy of an injected one without labels is created', 'passes', { labels: asks }, 1, {
    initContainers: initContainers.map((sidecar) => ({ ...sidecar, env })),
  }),
  created('one that was injected offline is created', 'passes', injected, 1, { initContainers }),
  row('it is labelled', 'passes', pod({}), { patch: labelled('true') }, 0),
  row('it is deleted', 'passes', pod({ labels: asks }), { remove: 'Background' }),
];
