import type { KubeObject } from '../../../kubernetes/api.ts';
import { namespaced } from '../../../kubernetes/resources.ts';
import type { Endpoint } from '../../records/endpoint.ts';

/** Source: config/crd/standard of sigs.k8s.io/external-dns. */
export interface DnsEndpoint extends KubeObject {
  readonly spec?: { readonly endpoints?: readonly Endpoint[] };
  readonly status?: {
    /** The generation that ExternalDNS has read, which does not mean that it is written. */
    readonly observedGeneration?: number;
  };
}

export const DNS_ENDPOINTS = namespaced<DnsEndpoint>(
  'externaldns.k8s.io/v1alpha1',
  'dnsendpoints',
  'DNSEndpoint',
);
