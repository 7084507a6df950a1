import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import type { Endpoint } from '../endpoint.ts';

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
