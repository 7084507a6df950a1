/** The usual scene: two sites with a node each, a PostgreSQL cluster across both, and a DNS zone that follows it. */
import { type CnpgCluster, createCnpgCluster } from './cnpg.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import type { Environment } from './controller-process.ts';
import { FakeNamecheap } from './namecheap/fake-namecheap.ts';
import { type FakeZone, host } from './namecheap/zones.ts';
import { createNodes, ensureNamespace } from './seed.ts';

export interface SiteSetting {
  readonly name: string;
  readonly nodeName: string;
  readonly ip: string;
}

export const EAST: SiteSetting = { name: 'us-east', nodeName: 'node-us-east-01', ip: '192.0.2.10' };
export const WEST: SiteSetting = { name: 'us-west', nodeName: 'node-us-west-01', ip: '198.51.100.10' };
export const SITES: readonly SiteSetting[] = [EAST, WEST];

export const ZONE = 'example.com';
/** The names in ZONE that follow the primary. */
const FOLLOWING = ['app', 'db'] as const;
const ACCOUNT = { apiUser: 'example', apiKey: '0123456789abcdef0123456789abcdef', clientIp: '127.0.0.1' };

/** A Cluster with one instance at each site, the primary in the east. */
export async function createClusterOnBothSites(
  plane: ControlPlaneAccess,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<CnpgCluster> {
  const { api } = plane;
  await createNodes(
    api,
    SITES.map(({ name: site, nodeName }) => ({
      name: nodeName,
      labels: { 'topology.kubernetes.io/zone': site },
    })),
  );
  await ensureNamespace(plane, namespace);
  return createCnpgCluster({ api, namespace, name, nodes: SITES.map(({ nodeName }) => nodeName) });
}

/** The site on which the instance with this name runs. */
export function siteOf(cluster: CnpgCluster, instance: string): SiteSetting {
  const site = SITES.find((_, index) => cluster.instance(index) === instance);
  if (site === undefined) throw new Error(`${instance} is no instance of ${cluster.name}`);
  return site;
}

/** The instance to which the primary moves next: always the one at the other site. */
export async function nextPrimary(
  cluster: CnpgCluster,
): Promise<{ readonly from: string; readonly to: string; readonly site: SiteSetting }> {
  const from = (await cluster.get()).status?.currentPrimary ?? '';
  const to = cluster.instance(from === cluster.instance(0) ? 1 : 0);
  return { from, to, site: siteOf(cluster, to) };
}

/** A zone with mail, certificates and a web site besides the names that follow, which point to the east. */
function exampleZone(): FakeZone {
  const following = FOLLOWING.map((name) => host(name, 'A', EAST.ip, { ttl: '60' }));
  const others = [
    host('www', 'CNAME', `app.${ZONE}.`),
    host('@', 'MX', `mail.${ZONE}.`, { mxPref: '10' }),
    host('@', 'TXT', 'v=spf1 mx -all'),
    host('@', 'CAA', '0 issue "letsencrypt.org"'),
    host('_dmarc', 'TXT', 'v=DMARC1; p=reject'),
  ];
  return { emailType: 'MX', isUsingOurDns: true, hosts: [...following, ...others] };
}

/** The caller stops it. */
export function startExampleDns(): Promise<FakeNamecheap> {
  return FakeNamecheap.start({ ...ACCOUNT, zones: { [ZONE]: exampleZone() } });
}

/** What the controller is told to follow `cluster`. `namespace` is that of its own objects. */
export function followSettings(
  kubeconfig: string,
  namespace: string,
  cluster: { readonly namespace: string; readonly name: string },
): Environment {
  return {
    KUBECONFIG: kubeconfig,
    POD_NAMESPACE: namespace,
    CNPG_NAMESPACE: cluster.namespace,
    CNPG_CLUSTER_NAME: cluster.name,
    SITES: JSON.stringify(SITES),
  };
}

/** What the controller is told to keep the names in ZONE at this fake. */
export function dnsSettings(dns: FakeNamecheap): Environment {
  return {
    DNS_RECORDS: FOLLOWING.map((name) => `${name}.${ZONE}`).join(','),
    NAMECHEAP_API_USER: ACCOUNT.apiUser,
    NAMECHEAP_API_KEY: ACCOUNT.apiKey,
    NAMECHEAP_CLIENT_IP: ACCOUNT.clientIp,
    NAMECHEAP_API_URL: dns.url,
  };
}

/** Resolves when the names that follow point to `site` and nowhere else. Has no time limit of its own. */
export function untilDnsPointsTo(dns: FakeNamecheap, { ip }: SiteSetting): Promise<void> {
  return dns.until(ZONE, ({ hosts }) =>
    FOLLOWING.every((name) => {
      const found = hosts.filter((one) => one.name === name && one.type === 'A');
      return found.length === 1 && found[0]?.address === ip;
    }),
  );
}
