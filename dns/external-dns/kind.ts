import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import type { Right } from '../../runtime/rights.ts';
import { namespace } from '../../settings/fields.ts';
import { Setting } from '../../settings/settings.ts';
import type { Endpoint } from '../endpoint.ts';
import { MAX_TTL } from '../provider.ts';
import { dnsProviderKind, type Ready } from '../provider-kind.ts';

/** ExternalDNS's own object. Source: config/crd/standard of sigs.k8s.io/external-dns. */
export interface DnsEndpoint extends KubeObject {
  readonly spec?: { readonly endpoints?: readonly Endpoint[] };
  readonly status?: {
    /** The generation that ExternalDNS has read. It says nothing of what became of it. */
    readonly observedGeneration?: number;
  };
}

export const DNS_ENDPOINTS: Resource<DnsEndpoint> = {
  group: 'externaldns.k8s.io',
  version: 'v1alpha1',
  plural: 'dnsendpoints',
  kind: 'DNSEndpoint',
  namespaced: true,
};

const settings = {
  namespace: new Setting(
    'EXTERNAL_DNS_NAMESPACE',
    'text',
    namespace().optional(),
    'Namespace of the DNSEndpoint objects; not set: that of the controller.',
  ),
};

export type ExternalDnsConfig = Ready<typeof settings, never>;

export const EXTERNAL_DNS = dnsProviderKind({
  name: 'external-dns',
  meaning: 'ExternalDNS, by a DNSEndpoint object: all of its providers. It needs `--source=crd`.',
  settings,
  required: [],
  traits: { ttl: [1, MAX_TTL] },
  rights: (config, own) => externalDnsRights(config.namespace ?? own),
  async create(config, { api, follower, namespace: own }) {
    const { ExternalDnsProvider } = await import('./provider.ts');
    return new ExternalDnsProvider(api, config.namespace ?? own, follower);
  },
});

/** In the namespace of the objects. */
export function externalDnsRights(namespace: string): readonly Right[] {
  const reason =
    'Has ExternalDNS make the records. Server-side apply is a patch, and a creation where there is none.';
  const { group, plural: resource } = DNS_ENDPOINTS;
  return [{ namespace, group, resource, verbs: ['get', 'create', 'patch'], reason }];
}
