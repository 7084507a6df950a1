/** Every setting there is: its variable, type, default and meaning. docs/configuration.md is generated from this. */
import * as z from 'zod';
import { DEFAULT_FOLLOWER, PORTS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { DNS_PROVIDERS } from '../../dns/registry.ts';
import { flag, hostNames, matching, namespace, objectName, proxyUrl, whole } from '../../settings/fields.ts';
import { listOf } from '../../settings/schema.ts';
import { TRIGGERS } from '../triggers/registry.ts';
import { notifySchema } from './notify.ts';
import { peersSchema } from './peers.ts';
import { ROUTING } from './routing.ts';
import { sitesSchema } from './sites.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Where one follower's part of the file is. */
export const FOLLOWER = z.object({
  name: matching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 lower-case letters, digits and "-"')
    .default(DEFAULT_FOLLOWER)
    .meta({
      description: 'Name of the follower; part of the names of its ConfigMaps unless it is `default`.',
    }),
  sites: sitesSchema.meta({
    env: 'SITES',
    description:
      'JSON array of the sites: `{"name","nodeName","ip"}`; also `nodeNames` (several), `nodeSelector` (a label selector), `ipv6`, `cname`.',
  }),
  trigger: TRIGGERS,
  routing: ROUTING,
  dns: listOf(z.array(z.unknown()).min(1, 'must not be an empty list: leave it out'), DNS_PROVIDERS).meta({
    orOne: true,
  }),
  notify: notifySchema.default([]).meta({
    env: 'NOTIFY',
    description:
      'JSON array of notification targets: `{"name","preset","url","secrets"}`; see [notifications](notify.md).',
    secret: true,
  }),
});

/** What there is once, whatever is followed. */
export const GLOBAL = z.object({
  configMapName: objectName('a ConfigMap')
    .default(STATUS_CONFIGMAP)
    .meta({ env: 'CONFIGMAP_NAME', description: 'Name of the status ConfigMap, in `POD_NAMESPACE`.' }),
  resyncSeconds: whole(1, 3600).default(10).meta({
    env: 'RESYNC_SECONDS',
    description: 'The period of the loop; watches make it faster, never slower.',
  }),
  leaderElection: flag().default(true).meta({
    env: 'LEADER_ELECTION',
    description:
      'One leader among the replicas, by the Lease `kube-site-follower` in `POD_NAMESPACE`. `false` only for a single replica.',
  }),
  httpPort: whole(0, 65_535).default(PORTS.controller).meta({
    env: 'HTTP_PORT',
    description:
      'Port of `/healthz`, `/readyz`, `/metrics`, `/api/status`, `/api/events` and the page; `0` takes a free one.',
  }),
  httpHosts: hostNames().default([]).meta({
    env: 'HTTP_HOSTS',
    description:
      'Comma-separated host names by which the page, the status and the metrics may be asked for, such as that of an ingress. Addresses, `localhost` and names within the cluster always may; any other is refused with 421, so that no site of a stranger can read them through a browser.',
  }),
  peers: peersSchema.default([]).meta({
    env: 'PEERS',
    description:
      'JSON array of the other clusters of a topology that the page shows as well: `{"site","url"}`, the address of their page; see [the page](page.md#all-clusters-in-one-picture).',
  }),
  dryRun: flag().default(false).meta({ env: 'DRY_RUN', description: 'Decide and log, but publish nothing.' }),
  logLevel: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .default('info')
    .meta({ env: 'LOG_LEVEL', description: 'Least severe level that is logged.' }),
  namespace: namespace().optional().meta({
    env: 'POD_NAMESPACE',
    description:
      'Namespace of the controller’s own objects. When not set: that of the service account or kubeconfig context, else `default`.',
  }),
  podName: objectName('a Pod').optional().meta({
    env: 'POD_NAME',
    description: 'This replica’s name in the Lease and in Events. The host name when not set.',
  }),
});

/** The usual variables of every program, so they are not in the file. Lower-case names count as well. */
export const PROXY = z.object({
  https: proxyUrl().optional().meta({
    env: 'HTTPS_PROXY',
    description:
      'Proxy for https calls to DNS providers, receivers of notifications and peers, such as `http://proxy.example.com:3128`; never for the API server. See [proxies](dns.md#behind-a-proxy).',
    secret: true,
  }),
  http: proxyUrl()
    .optional()
    .meta({ env: 'HTTP_PROXY', description: 'The same for http calls.', secret: true }),
  noProxy: z.array(z.string('must be a host'), 'must be a list of hosts').default([]).meta({
    env: 'NO_PROXY',
    description:
      'Comma-separated hosts that are called without a proxy: names with all below them, `.names` and `*.names` for what is below alone, addresses, CIDR networks, each but networks with a `:port`; `*` for all. Loopback always is.',
  }),
});

/** What only the environment can say. */
export const ENVIRONMENT_ONLY = z.object({
  configFile: z.string().optional().meta({
    env: 'CONFIG_FILE',
    description: 'Path of a YAML file with the same settings (below). Variables override it.',
  }),
  kubeconfig: z.string().optional().meta({
    env: 'KUBECONFIG',
    description:
      'Path of the kubeconfig to use outside a cluster. When not set: the service account of the pod, else `~/.kube/config`.',
  }),
  proxy: PROXY,
});

export type FollowerSettings = z.output<typeof FOLLOWER>;

/** Each has a dozen watches. More are better served by a second controller. */
const MANY = 'must have 1 to 16 followers';

/** What the file may have. */
export const FILE = GLOBAL.extend({
  followers: listOf(z.array(z.unknown(), 'must be a list of followers').min(1, MANY).max(16, MANY), FOLLOWER),
});

export const CONFIG = FILE.extend({ proxy: PROXY });

export type ParsedConfig = z.output<typeof CONFIG>;
