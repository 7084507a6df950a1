import { CLUSTERS, type Cluster, PENDING } from '../../cnpg/cluster.ts';
import { DEFAULT_FOLLOWER } from '../../contract/names.ts';
import { siteLabel } from '../../contract/routing.ts';
import type { Host, NamecheapApi } from '../../dns/providers/namecheap/api.ts';
import type { KubeApi, KubeObject, Resource } from '../../kubernetes/api.ts';
import { isConflict, KubeError } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, PODS, SERVICES } from '../../kubernetes/resources.ts';
import type { Sabotage } from './replica.ts';
import { isFollowing, STATUS } from './setup.ts';

/**
 * The program as it would be with one of its safeguards gone, made from outside: what it sends or what it is told is
 * changed on the way, so that the result is that of the safeguard missing.
 */
export const SABOTAGES = {
  /** Writes of the status are no compare-and-set. */
  'no fencing': {
    api: (api) =>
      withMethod(api, 'replace', (resource, object, options) => {
        if (resource.plural !== CONFIG_MAPS.plural || object.metadata.name !== STATUS.name) {
          return api.replace(resource, object, options);
        }
        const { resourceVersion: _, uid: __, ...metadata } = object.metadata;
        return api.replace(resource, { ...object, metadata }, options);
      }),
  },
  /** A write of the status that met a conflict is taken for one that was not stored. */
  'no doubt about a conflict': {
    api: (api) =>
      withMethod(api, 'replace', (resource, object, options) =>
        api.replace(resource, object, options).catch((error: unknown) => {
          const { name, namespace } = object.metadata;
          const isStatus = name === STATUS.name && namespace === STATUS.namespace;
          if (!isStatus || !isConflict(error)) throw error;
          throw new KubeError('refused', { status: 422, reason: 'Invalid' });
        }),
      ),
  },
  /** Nobody compares resourceVersions with those of before. */
  'no look for an etcd that was restored': { isBlindToRestore: true },
  /** The primary that shall be is taken for the one that is. */
  'no hold while it moves': {
    api: (api) =>
      seeing(api, CLUSTERS, (cluster: Cluster) => {
        const { targetPrimary = '', currentPrimary = '' } = cluster.status ?? {};
        const guess = targetPrimary === '' || targetPrimary === PENDING ? currentPrimary : targetPrimary;
        return { ...cluster, status: { ...cluster.status, currentPrimary: guess } };
      }),
  },
  /** A pod of the right name is taken for the primary, whichever Cluster it belongs to. */
  'no look at the owner': {
    api: (api) => {
      let uid = '';
      const told = seeing(api, CLUSTERS, (cluster: Cluster) => {
        uid = cluster.metadata.uid ?? '';
        return cluster;
      });
      return seeing(told, PODS, (pod) => {
        const owners = pod.metadata.ownerReferences?.map((owner) => ({ ...owner, uid })) ?? [];
        return { ...pod, metadata: { ...pod.metadata, ownerReferences: owners } };
      });
    },
  },
  /** Services are moved to the site before the last one, as by a leader that does not know the status. */
  'no look at the status before Services': {
    api: (api) => {
      const known: string[] = [];
      return withMethod(api, 'patch', (resource, key, body, options) => {
        const { spec } = body as { readonly spec?: { readonly selector: Readonly<Record<string, string>> } };
        const site = spec?.selector[siteLabel(DEFAULT_FOLLOWER)];
        if (resource.plural !== SERVICES.plural || site === undefined) {
          return api.patch(resource, key, body, options);
        }
        known.push(site);
        const selector = { ...spec?.selector, [siteLabel(DEFAULT_FOLLOWER)]: known.at(-2) ?? site };
        return api.patch(resource, key, { ...(body as object), spec: { selector } }, options);
      });
    },
  },
  /** Only the listed records are sent, as if a write concerned them alone. */
  'no merge of the zone': {
    registrar: (api) => sending(api, (hosts) => hosts.filter(isFollowing)),
  },
  /** Whatever becomes of a notification, it is taken for delivered. */
  'no second attempt at telling': {
    post: (post) => (request, abort) =>
      post(request, abort).catch(() => ({ status: 204, retryAfterMs: undefined })),
  },
} as const satisfies Record<string, Sabotage>;

export function seeing<T extends KubeObject>(
  api: KubeApi,
  seen: Resource<T>,
  change: (object: T) => T,
): KubeApi {
  return withMethod(api, 'get', async (resource, key, options) => {
    const object = await api.get(resource, key, options);
    return resource.plural === seen.plural
      ? (change(object as KubeObject as T) as KubeObject as typeof object)
      : object;
  });
}

function sending(api: NamecheapApi, change: (hosts: readonly Host[]) => readonly Host[]): NamecheapApi {
  return withMethod(api, 'setHosts', (zone, hosts, emailType, abort) =>
    api.setHosts(zone, change(hosts), emailType, abort),
  );
}

/** The same object with one method replaced. */
export function withMethod<T extends object, K extends keyof T>(target: T, name: K, method: T[K]): T {
  return new Proxy(target, {
    get(object, key) {
      if (key === name) return method;
      const member: unknown = Reflect.get(object, key, object);
      return typeof member === 'function' ? member.bind(object) : member;
    },
  });
}
