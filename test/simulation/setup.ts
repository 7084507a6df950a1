import { DEFAULT_FOLLOWER } from '../../contract/names.ts';
import { type Config, loadConfig } from '../../controller/config.ts';
import { desiredSets } from '../../dns/desired.ts';
import type { Host } from '../../dns/providers/namecheap/api.ts';
import type { Site } from '../../settings/site.ts';
import { CLUSTER } from './postgres.ts';
import type { Zone } from './registrar.ts';

/** What every schedule has in common: sites, records and the zone that they stand in. */

export const OPS = 'ops';
export const LEASE = { namespace: OPS, name: 'kube-site-follower' };
export const STATUS = { namespace: OPS, name: 'kube-site-follower-status' };
/** A namespace that asks for a copy of the status. */
export const APPS = 'apps';
export const COPY = { ...STATUS, namespace: APPS };
export const REPORT = { namespace: OPS, name: 'kube-site-follower-report' };

/** One site for each way of naming its nodes, and for each way of naming its addresses. */
export const SITES: readonly Site[] = [
  { name: 'us', nodeNames: ['us-1', 'us-2'], ip: '192.0.2.1', ipv6: '2001:db8::1' },
  { name: 'eu', nodeNames: ['eu-1'], nodeSelector: 'region=eu', ip: '192.0.2.2' },
  { name: 'ap', nodeNames: [], nodeSelector: 'region=ap', cname: 'ap.example.net' },
];

export const ZONE = 'example.com';
export const RECORDS = ['db.example.com', 'app.example.com'];
const LISTED = ['db', 'app'];
const TTL = 60;

/** Who is notified. */
export const TARGET = 'on-call';

const ENVIRONMENT = {
  SITES: JSON.stringify(SITES),
  CNPG_NAMESPACE: CLUSTER.namespace,
  CNPG_CLUSTER_NAME: CLUSTER.name,
  DNS_RECORDS: RECORDS.join(),
  DNS_TTL: String(TTL),
  NAMECHEAP_API_USER: 'user',
  NAMECHEAP_API_KEY: 'key',
  NAMECHEAP_CLIENT_IP: '192.0.2.99',
  POD_NAMESPACE: OPS,
  NOTIFY: JSON.stringify([
    { name: TARGET, url: 'https://hooks.example/', secrets: [{ env: 'HOOK_SECRET' }] },
  ]),
  HOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
};
/** A second follower, which follows the readiness of nodes, and how long it has to wait. */
export const BY_NODES = 'nodes';
export const UNREADY_AFTER_MS = 30_000;
export const STABLE_FOR_MS = 45_000;
const FILE = JSON.stringify({
  followers: [
    { name: DEFAULT_FOLLOWER },
    {
      name: BY_NODES,
      sites: SITES,
      trigger: {
        kind: 'node-status',
        unreadyAfter: UNREADY_AFTER_MS / 1_000,
        failback: 'auto',
        stableFor: STABLE_FOR_MS / 1_000,
      },
      dns: { provider: 'none' },
    },
  ],
});

export const PREFERRED_NODE = 'eu-2';
export const CONFIG = configOf(ENVIRONMENT);
export const CONFIG_WITH_PREFERENCE = configOf({ ...ENVIRONMENT, PREFERRED_PRIMARY_NODE: PREFERRED_NODE });
export const CONFIG_WITH_NODES = configOf({ ...ENVIRONMENT, CONFIG_FILE: 'followers.yaml' });

function configOf(env: Record<string, string>): Config {
  const loaded = loadConfig(env, () => FILE);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

const host = (name: string, type: string, address: string, rest: Partial<Host> = {}): Host => ({
  name,
  type,
  address,
  mxPref: '10',
  ttl: '1799',
  isActive: true,
  isDdnsEnabled: false,
  ...rest,
});

export const INITIAL_ZONE: Zone = {
  emailType: 'MX',
  hosts: [
    host('@', 'MX', 'mail.example.net.', { mxPref: '20', ttl: '300' }),
    host('@', 'TXT', `v=spf1 include:_spf.example.net ${'ip4:192.0.2.9 '.repeat(20)}-all`),
    host('db', 'A', '192.0.2.1', { ttl: String(TTL) }),
    host('db', 'AAAA', '2001:db8::1', { ttl: String(TTL) }),
    host('@', 'CAA', '0 issue "ca.example.net"'),
    host('www', 'CNAME', 'pages.example.net.'),
    host('old', 'URL301', 'https://www.example.com/'),
    host('app', 'A', '192.0.2.1', { ttl: String(TTL) }),
    host('app', 'AAAA', '2001:db8::1', { ttl: String(TTL) }),
    host('app2', 'A', '192.0.2.77'),
  ],
};

export const isFollowing = ({ name, type }: Host) =>
  LISTED.includes(name) && (type === 'A' || type === 'AAAA' || type === 'CNAME');

/** Everything that the program has no business with, in its order. */
export function foreignPart({ emailType, hosts }: Zone): string {
  return JSON.stringify([emailType, hosts.filter((record) => !isFollowing(record))]);
}

/** The site whose addresses all listed names have, exactly; undefined when there is none. */
export function publishedSite({ hosts }: Zone): string | undefined {
  const found = new Set(
    hosts.filter(isFollowing).map(({ name, type, address, ttl }) => text(name, type, address, ttl)),
  );
  return SITES.find((site) => {
    const wanted = desiredSets(site, RECORDS, TTL).flatMap(({ name, type, values }) =>
      values.map((value) => text(name.replace(`.${ZONE}`, ''), type, value, String(TTL))),
    );
    return wanted.length === found.size && wanted.every((record) => found.has(record));
  })?.name;
}

/** Listed names without any record. */
export function emptyNames({ hosts }: Zone): string[] {
  return LISTED.filter((name) => !hosts.some((record) => record.name === name && isFollowing(record)));
}

function text(name: string, type: string, address: string, ttl: string): string {
  return `${name} ${type} ${address.replace(/\.$/, '')} ${ttl}`;
}
