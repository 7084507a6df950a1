/** DNSEndpoint objects on a real API server. What becomes of them is ExternalDNS's business (external-dns.test.ts). */

import { DNS_ENDPOINTS, type DnsEndpoint } from '../../../dns/providers/external-dns/dns-endpoint.ts';
import { externalDnsRights } from '../../../dns/providers/external-dns/kind.ts';
import type { RecordSet } from '../../../dns/records.ts';
import { findDnsEndpointCrd } from '../binaries.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { startFaultProxy } from '../fault-proxy.ts';
import { grant } from '../rbac.ts';
import { createNamespace, installCrdFile } from '../seed.ts';
import type { StartHarness } from './harness.ts';

const ZONE = 'example.com';
const OBJECT = `kube-site-follower-${ZONE}`;

/** A namespace in which others have a DNSEndpoint as well; the program may do there what the chart allows it. */
export function externalDnsHarness(plane: ControlPlaneAccess): StartHarness {
  return async (ends) => {
    const { api } = plane;
    await installCrdFile(api, await findDnsEndpointCrd(), DNS_ENDPOINTS);
    const namespace = await createNamespace(plane, 'external-dns');
    const user = { name: `controller-of-${namespace}` };
    await grant(plane, { user, rights: externalDnsRights(namespace) });
    await api.create<DnsEndpoint>(DNS_ENDPOINTS, {
      metadata: { namespace, name: 'mail' },
      spec: { endpoints: [{ dnsName: ZONE, recordType: 'MX', targets: ['10 mail.example.org'] }] },
    });
    const proxy = await startFaultProxy(plane);
    const { plural: resource } = DNS_ENDPOINTS;
    let over: (() => void) | undefined;
    ends.after(() => proxy.stop());
    const settings = { DNS_PROVIDER: 'external-dns', EXTERNAL_DNS_NAMESPACE: namespace };
    const as = async (who: { readonly name: string }, server: string) => ({
      ...settings,
      KUBECONFIG: await plane.kubeconfigFor(who, { server }),
    });
    return {
      zone: ZONE,
      environment: await as(user, proxy.url),
      port: Number(new URL(proxy.url).port),
      wrongCredentials: { environment: await as({ name: 'nobody' }, proxy.url) },
      at: (address) => as(user, `https://${address}`),
      dump: async () => {
        const { items } = await api.list(DNS_ENDPOINTS, { namespace });
        const endpoints = items.flatMap(({ metadata, spec }) =>
          (spec?.endpoints ?? []).map((endpoint) => ({ object: metadata.name, ...endpoint })),
        );
        return endpoints
          .map(({ dnsName, recordType, ...rest }) => `${dnsName} ${recordType} ${JSON.stringify(rest)}`)
          .sort();
      },
      meddle: (set) => meddle(plane, namespace, set),
      rateLimit: () => {
        over = proxy.inject({ resource }, { kind: 'answer', status: 429, retryAfterSeconds: 3 });
      },
      endRateLimit: () => over?.(),
      isAtomic: true,
    };
  };
}

/** Somebody edits the program's own object. */
async function meddle({ api }: ControlPlaneAccess, namespace: string, set: RecordSet): Promise<void> {
  const { name, type, ttl, values } = set;
  const key = { namespace, name: OBJECT };
  const found = await api.get(DNS_ENDPOINTS, key);
  const others = (found.spec?.endpoints ?? []).filter(
    ({ dnsName, recordType }) => dnsName !== name || recordType !== type,
  );
  const endpoints = [...others, { dnsName: name, recordType: type, targets: values, recordTTL: ttl }];
  await api.replace(DNS_ENDPOINTS, { ...found, spec: { endpoints } });
}
