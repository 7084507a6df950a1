import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import { siteLabel } from '../../../contract/routing.ts';
import { type Body, finalizers, type Row, rowsOf, type Write } from './row.ts';

const SITE = siteLabel('default');
const labels = { [LABELS.follow]: 'true' };
const web = { app: 'web' };
const OF_SPILO = { ...labels, application: 'spilo', 'spilo-role': 'replica' };
const east = { ...web, [SITE]: 'east' };

function service(metadata: object, selector: object): Body {
  return { metadata, spec: { ports: [{ port: 80 }], selector } };
}

const row = rowsOf('services');
const following = service({ labels, annotations: { [ANNOTATIONS.epoch]: '1' } }, east);
const changed = (what: string, away: Row['away'], patch: object, there: object, more = {}) =>
  row(what, away, following, { patch, type: 'merge', ...more } as Write, there);
const follow = (value: string | null) => ({ metadata: { labels: { [LABELS.follow]: value } } });
const annotated = (name: string, value: string | null) => ({ metadata: { annotations: { [name]: value } } });
const selecting = (selector: object) => ({ spec: { selector } });
const elsewhere = { metadata: { labels }, spec: { type: 'ExternalName', externalName: 'example.com' } };

export const SERVICES: readonly Row[] = [
  changed('its ports are set', 'passes', { spec: { ports: [{ port: 81 }] } }, east),
  changed('it gets an annotation', 'passes', annotated('x', 'y'), east),
  changed('it selects other pods', 'passes', selecting({ app: 'blue' }), { ...east, app: 'blue' }),
  changed('its label is taken away', 'passes', follow(null), web),
  changed('its label is set to false', 'passes', follow('false'), web),
  changed('it gets a finalizer', 'passes', { metadata: finalizers('mine') }, east),
  changed('a status is written', 'passes', { status: { loadBalancer: {} } }, east, { of: 'status' }),
  row('it begins to follow', 'passes', service({}, web), { patch: follow('true') }, web),
  row('it is deleted', 'passes', following, { remove: 'Foreground' }),
  row('one without pods of its own is created', 'passes', undefined, { create: elsewhere }),
  changed('its site is taken away', 'waits', selecting({ [SITE]: null }), east),
  changed('another site is selected', 'waits', selecting({ [SITE]: 'west' }), east),
  changed('its epoch is taken away', 'waits', annotated(ANNOTATIONS.epoch, null), east),
  row(
    'one of a database is created',
    'passes',
    undefined,
    { create: service({ labels: OF_SPILO }, web) },
    web,
  ),
  row('one that follows is created', 'waits', undefined, { create: service({ labels }, web) }, web),
];
