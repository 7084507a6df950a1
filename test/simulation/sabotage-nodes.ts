import { configMapName, REPORT_CONFIGMAP } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { Sites } from '../../controller/sites/sites.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { CONFIG_MAPS, type ConfigMap, NODES, PODS } from '../../kubernetes/resources.ts';
import type { Sabotage } from './replica.ts';
import { seeing, withMethod } from './sabotage.ts';
import { BY_NODES, SITES, STATUS } from './setup.ts';

const REPORT = configMapName(REPORT_CONFIGMAP, BY_NODES);
const SKEW_MS = 120_000;
const sites = new Sites(SITES);

/** As {@link SABOTAGES}, of what concerns nodes and clocks. */
export const NODE_SABOTAGES = {
  /** The nodes of a site are those that its selector matches at this moment. */
  'no memory of nodes': {
    api: (api) =>
      withMethod(api, 'replace', async (resource, object, options) => {
        if (resource.plural !== CONFIG_MAPS.plural || object.metadata.name !== STATUS.name) {
          return api.replace(resource, object, options);
        }
        const { items } = await api.list(NODES, { limit: 500 });
        const data = { ...(object as ConfigMap).data, sites: JSON.stringify(sites.resolve(items)) };
        return api.replace(resource, { ...object, data }, options);
      }),
  },
  /** A pod whose node matches no site at this moment is told so. */
  'no hold of conditions': {
    api: (api) =>
      withMethod(api, 'patch', async (resource, key, body, options) => {
        const isCondition = resource.plural === PODS.plural && options.subresource === 'status';
        if (!isCondition || !(await isNowhere(api, key))) return api.patch(resource, key, body, options);
        const message = 'us is active, epoch 1; this pod is in no site';
        const status = { conditions: [{ type: ACTIVE_CONDITION, status: 'False', message }] };
        return api.patch(resource, key, { ...(body as object), status }, options);
      }),
  },
  /** What another leader has seen to last is counted on to now by the wall clocks of both, which differ. */
  'durations between two clocks': {
    api: (api) =>
      seeing(api, CONFIG_MAPS, (map) => {
        const text = map.data?.['node-status'];
        if (map.metadata.name !== REPORT || text === undefined) return map;
        const skewed = text.replace(/"lastedMs":(\d+)/g, (_, ms) => `"lastedMs":${Number(ms) + SKEW_MS}`);
        return { ...map, data: { ...map.data, 'node-status': skewed } };
      }),
  },
} as const satisfies Record<string, Sabotage>;

async function isNowhere(api: KubeApi, key: ObjectKey): Promise<boolean> {
  const { items } = await api.list(PODS, {
    ...(key.namespace !== undefined && { namespace: key.namespace }),
    fieldSelector: `metadata.name=${key.name}`,
  });
  const node = items[0]?.spec?.nodeName ?? '';
  const found = await api.get(NODES, { name: node }).catch(() => undefined);
  return found === undefined || sites.of(found) === undefined;
}
