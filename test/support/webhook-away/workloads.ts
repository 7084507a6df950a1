import {
  asks,
  type Body,
  carried,
  finalizers,
  type Labels,
  labelled,
  type Row,
  refuses,
  rowsOf,
} from './row.ts';

interface Asked {
  readonly labels?: Labels;
  readonly template?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly object[];
}

export function workload({ labels = {}, template = {}, ...metadata }: Asked): Body {
  const app = { app: 'web' };
  return {
    metadata: { labels, ...metadata },
    spec: {
      selector: { matchLabels: app },
      template: {
        metadata: { ...template, labels: { ...app, ...template.labels } },
        spec: { containers: [{ name: 'app', image: 'example/app:1' }] },
      },
    },
  };
}

const agreed = workload({ labels: asks, template: carried('true') });
const ofDatabase = workload({ labels: asks, template: { labels: { application: 'spilo' } } });
const ownerReferences = [
  { apiVersion: 'psmdb.percona.com/v1', kind: 'PerconaServerMongoDB', name: 'shop', uid: 'of-nobody' },
];
const ownedByDatabase = workload({ labels: asks, ownerReferences });
const refusing = workload({ labels: refuses, template: carried('false') });
const lacking = workload({ labels: asks });
const plain = workload({});
const containers = [{ name: 'app', image: 'example/app:2' }];
const image = { patch: { spec: { template: { spec: { containers } } } } };
const x = { patch: { metadata: { labels: { x: 'y' } } } };
const label = (value: string | null) => ({ patch: labelled(value) });
const inTemplate = (value: string | null) => ({ patch: { spec: { template: labelled(value) } } });
const replicas = { patch: { spec: { replicas: 2 } } };
const [deployment, statefulSet, daemonSet] = [
  rowsOf('deployments'),
  rowsOf('statefulsets'),
  rowsOf('daemonsets'),
];

export const WORKLOADS: readonly Row[] = [
  statefulSet('one of a database asks', 'passes', undefined, { create: ofDatabase }),
  statefulSet('one that a database owns asks', 'passes', undefined, { create: ownedByDatabase }),
  deployment('it gets another image', 'passes', agreed, image, 'true'),
  deployment('it gets a label that is none of ours', 'passes', agreed, x, 'true'),
  deployment('its replicas are set', 'passes', agreed, replicas, 'true'),
  deployment('it is scaled', 'passes', lacking, { ...replicas, of: 'scale', type: 'merge' }),
  deployment('a status is written', 'passes', lacking, {
    patch: { status: { observedGeneration: 1 } },
    of: 'status',
    type: 'merge',
  }),
  deployment('its label is set to false', 'passes', agreed, label('false'), 'false'),
  deployment('its label is removed', 'passes', agreed, label(null)),
  deployment('its template is told false', 'passes', agreed, inTemplate('false'), 'false'),
  deployment('it gets a finalizer', 'passes', agreed, { patch: { metadata: finalizers('mine') } }, 'true'),
  deployment(
    'it loses a finalizer',
    'passes',
    workload({ labels: asks, template: carried('true'), ...finalizers('mine') }),
    { patch: { metadata: { finalizers: null } } },
    'true',
  ),
  deployment('it is deleted in the foreground', 'passes', agreed, { remove: 'Foreground' }),
  deployment('it is deleted while its template lacks the label', 'passes', lacking, { remove: 'Foreground' }),
  deployment('it is deleted in the background', 'passes', agreed, { remove: 'Background' }),
  deployment('it lacked the label before, and is changed', 'passes', lacking, image, 'true'),
  deployment(
    'it has the label left over, and is changed',
    'passes',
    workload({ template: carried('true') }),
    x,
  ),
  deployment('its label is unclear', 'passes', plain, label('yes')),
  deployment(
    'one whose template has the label too is created',
    'passes',
    undefined,
    { create: agreed },
    'true',
  ),
  deployment('one that does not ask is created', 'passes', undefined, { create: plain }),
  deployment('it is labelled', 'waits', plain, label('true'), 'true'),
  deployment('its label goes from false to true', 'waits', refusing, label('true'), 'true'),
  deployment(
    'it is replaced by one whose template lacks the label',
    'waits',
    agreed,
    { replace: lacking },
    'true',
  ),
  deployment('one that asks is created', 'waits', undefined, { create: lacking }, 'true'),
  deployment('its template loses the label', 'waits', agreed, inTemplate(null), 'true'),
  statefulSet('a StatefulSet gets another image', 'passes', agreed, image, 'true'),
  daemonSet('a DaemonSet is labelled false', 'passes', agreed, label('false'), 'false'),
  daemonSet('a DaemonSet is labelled', 'waits', plain, label('true'), 'true'),
];
