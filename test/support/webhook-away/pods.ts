import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../../contract/sidecar.ts';
import { asks, labelled, pod, type Row, refuses, rowsOf } from './row.ts';

const row = rowsOf('pods');
const created = (what: string, away: Row['away'], metadata: object, there?: number, spec = {}) =>
  row(what, away, undefined, { create: pod(metadata, spec) }, there);

const initContainers = [{ name: SIDECAR_CONTAINER, image: 'example/sidecar:1', restartPolicy: 'Always' }];
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
  created('one that was injected offline is created', 'passes', injected, 1, { initContainers }),
  row('it is labelled', 'passes', pod({}), { patch: labelled('true') }, 0),
  row('it is deleted', 'passes', pod({ labels: asks }), { remove: 'Background' }),
];
