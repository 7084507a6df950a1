/** Every setting there is: its variable, type, default and meaning. docs/configuration.md is generated from this. */
import * as z from 'zod';
import { DEFAULT_FOLLOWER, PORTS, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { flag, hostNames, matching, namespace, objectName, proxyUrl, whole } from '../../settings/fields.ts';
import { Choice, Setting } from '../../settings/settings.ts';
import { TRIGGERS } from '../triggers/registry.ts';
import { DNS } from './dns.ts';
import { notifySchema } from './notify.ts';
import { ROUTING } from './routing.ts';
import { sitesSchema } from './sites.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Where one follower's part of the file is. */
export const FOLLOWER = {
  name: new Setting(
    '',
    'text',
    matching(
      /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
      'must be 1 to 32 lower-case letters, digits and "-"',
    ).default(DEFAULT_FOLLOWER),
    'Name of the follower; part of the names of its ConfigMaps unless it is `default`.',
  ),
  sites: new Setting(
    'SITES',
    'json',
    sitesSchema,
    'JSON array of the sites: `{"name","nodeName","ip"}`; also `nodeNames` (several), `nodeSelector` (a label selector), `ipv6`, `cname`.',
  ),
  trigger: new Choice('kind', TRIGGERS, { meaning: 'What is followed.', common: {} }),
  routing: ROUTING,
  dns: DNS,
  notify: new Setting(
    'NOTIFY',
    'json',
    notifySchema.default([]),
    'JSON array of those who are told of a change: `{"name","preset","url","secrets"}`; see [notifications](notify.md).',
    { secret: true },
  ),
};

/** Each has a dozen watches. More are better served by a second controller. */
const MANY = 'must have 1 to 16 followers';

/** What there is once, whatever is followed. */
export const GLOBAL = {
  followers: new Setting(
    '',
    'json',
    z.array(z.unknown(), 'must be a list of followers').min(1, MANY).max(16, MANY).default([{}]),
    'What is followed and what follows; see below.',
  ),
  configMapName: new Setting(
    'CONFIGMAP_NAME',
    'text',
    objectName('a ConfigMap').default(STATUS_CONFIGMAP),
    'Name of the status ConfigMap, in `POD_NAMESPACE`.',
  ),
  resyncSeconds: new Setting(
    'RESYNC_SECONDS',
    'number',
    whole(1, 3600).default(10),
    'The period of the loop; watches make it faster, never slower.',
  ),
  leaderElection: new Setting(
    'LEADER_ELECTION',
    'boolean',
    flag().default(true),
    'One leader among the replicas, by the Lease `kube-site-follower` in `POD_NAMESPACE`. `false` only for a single replica.',
  ),
  httpPort: new Setting(
    'HTTP_PORT',
    'number',
    whole(0, 65_535).default(PORTS.controller),
    'Port of `/healthz`, `/readyz`, `/metrics`, `/api/status`, `/api/events` and the page; `0` takes a free one.',
  ),
  httpHosts: new Setting(
    'HTTP_HOSTS',
    'list',
    hostNames().default([]),
    'Comma-separated host names by which the page, the status and the metrics may be asked for, such as that of an ingress. Addresses, `localhost` and names within the cluster always may; any other is refused with 421, so that no site of a stranger can read them through a browser.',
  ),
  dryRun: new Setting('DRY_RUN', 'boolean', flag().default(false), 'Decide and log, but publish nothing.'),
  logLevel: new Setting(
    'LOG_LEVEL',
    'text',
    z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
    'Least severe level that is logged.',
  ),
  namespace: new Setting(
    'POD_NAMESPACE',
    'text',
    namespace().optional(),
    'Namespace of the controller’s own objects. When not set: that of the service account or kubeconfig context, else `default`.',
  ),
  podName: new Setting(
    'POD_NAME',
    'text',
    objectName('a Pod').optional(),
    'This replica’s name in the Lease and in Events. The host name when not set.',
  ),
};

/** As every program has them, so they stand in no file. Lower-case names count as well. */
export const PROXY = {
  https: new Setting(
    'HTTPS_PROXY',
    'text',
    proxyUrl().optional(),
    'Proxy for https calls to DNS providers and receivers of notifications, such as `http://proxy.example.com:3128`; never for the API server. See [proxies](dns.md#behind-a-proxy).',
    { secret: true },
  ),
  http: new Setting('HTTP_PROXY', 'text', proxyUrl().optional(), 'The same for http calls.', {
    secret: true,
  }),
  noProxy: new Setting(
    'NO_PROXY',
    'list',
    z.array(z.string('must be a host'), 'must be a list of hosts').default([]),
    'Comma-separated hosts that are called without a proxy: names with all below them, `.names` and `*.names` for what is below alone, addresses, CIDR networks, each but networks with a `:port`; `*` for all. Loopback always is.',
  ),
};

/** What only the environment can say. */
export const ENVIRONMENT_ONLY = {
  configFile: new Setting(
    'CONFIG_FILE',
    'text',
    z.string().optional(),
    'Path of a YAML file with the same settings (below). Variables override it.',
  ),
  kubeconfig: new Setting(
    'KUBECONFIG',
    'text',
    z.string().optional(),
    'Path of the kubeconfig to use outside a cluster. When not set: the service account of the pod, else `~/.kube/config`.',
  ),
  proxy: PROXY,
};
