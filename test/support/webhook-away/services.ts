import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import { siteLabel } from '../../../contract/routing.ts';
import { type Body, finalizers, type Row, rowsOf, type Write } from './row.ts';

/** Of no controller: those of other tests on the same API server move what follows their own. */
const FOLLOWER = 'nobody';
const SITE = siteLabel(FOLLOWER);
const labels = { [LABELS.follow]: 'true' };
const web = { app: 'web' };
const OF_SPILO = { ...labels, application: 'spilo', 'spilo-role': 'replica' };
const east = { ...web, [SITE]: 'east' };

function service(
  { annotations, ...metadata }: { readonly annotations?: object; readonly labels?: object },
  selector: object,
): Body {
  const own = { ...annotations, [ANNOTATIONS.follower]: FOLLOWER };
  return { metadata: { ...metadata, annotations: own }, spec: { ports: [{ port: 80 }], selector } };
}

const row = rowsOf('services');
const following = service({ labels, annotations: { [ANNOTATIONS.epoch]: '1' } }, east);
const changed = (what: string, away: Row['away'], patch: object, there: object, more = {}) =>
  row(what, away, following, { patch, type: 'merge', ...more } as Write, there);
const follow = (value: string | null) => ({ metadata: { labels: { [LABELS.follow]: value } } });
const annotated = (name: string, value: string | null) => ({ metadata: { annotations: { [name]: value } } });
const selecting = (selector: object) => ({ spec: { selector } });
const elsewhere = {
  metadata: { labels, annotations: { [ANNOTATIONS.follower]: FOLLOWER } },
  spec: { type: 'ExternalName', externalName: 'example.com' },
};

export const SERVICES: readonly Row[] = [
  changed('its ports are set', 'passes', { spec: { ports: [{ port: 81 }] } }, east),
  changed('it gets an annotation', 'passes', annotated('x', 'y'), east),
  changed('it selects other pods', 'passes', selecting({ app: 'blue' }), { ...east, app: 'blue' }),
  changed('its label is removed', 'passes', follow(null), web),
  changed('its label is set to false', 'passes', follow('false'), web),
  changed('it gets a finalizer', 'passes', { metadata: finalizers('mine') }, east),
  changed('a status is written', 'passes', { status: { loadBalancer: {} } }, east, { of: 'status' }),
  row('it begins to follow', 'passes', service({}, web), { patch: follow('true') }, web),
  row('it is deleted', 'passes', following, { remove: 'Foreground' }),
  row('one without pods of its own is created', 'passes', undefined, { create: elsewhere }),
  changed('its site is removed', 'waits', selecting({ [SITE]: null }), east),
  changed('another site is selected', 'waits', selecting({ [SITE]: 'west' }), east),
  changed('its epoch is removed', 'waits', annotated(ANNOTATIONS.epoch, null), east),
  row(
    'one of a database is created',
    'passes',
    undefined,
    { create: service({ labels: OF_SPILO }, web) },
    web,
  ),
  row('one that follows is created', 'waits', undefined, { create: service({ labels }, web) }, web),
];
