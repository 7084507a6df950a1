/** For each documented value of the chart one that it takes and one that it refuses; a test wants the table complete. */

export interface Example {
  /** Another value than the default, which changes what is rendered. */
  readonly right: unknown;
  readonly wrong: unknown;
  /** What must be said besides for it to have an effect. */
  readonly given?: object;
}

/** Fits each provider. */
export const SECRET_VALUE = 'bm90aW5hY29uZmlnbWFw';
const name = { right: 'another-name', wrong: 'Not A Name' };
const resources = { right: { requests: { cpu: '7m' } }, wrong: { requests: { cpu: 'much' } } };
const pods = {
  nodeSelector: { right: { disk: 'fast' }, wrong: { disk: 1 } },
  tolerations: { right: [{ key: 'role', operator: 'Exists' }], wrong: 'all' },
  affinity: { right: { nodeAffinity: {} }, wrong: [] },
  priorityClassName: { right: 'high', wrong: 'High Priority' },
};
const using = (provider: string, more: object = {}) => ({ controller: { dns: { provider, ...more } } });
const OWNED = nested('controller.dns.owner', { id: 'here' });
const withPostgres = { postgres: { create: true } };
const withOperator = { cloudnativepg: { install: true } };

export const EXAMPLES: Readonly<Record<string, Example>> = {
  'image.repository': { right: 'registry.example.com:5000/follower', wrong: 'follower:0.1.0' },
  'image.tag': { right: '0.1.0-rc.1', wrong: 'two words' },
  'image.digest': { right: `sha256:${'0'.repeat(64)}`, wrong: 'sha256:0' },
  'image.pullPolicy': { right: 'Always', wrong: 'Sometimes' },
  imagePullSecrets: { right: [{ name: 'registry' }], wrong: ['registry'] },
  nameOverride: name,
  fullnameOverride: name,
  logLevel: { right: 'debug', wrong: 'verbose' },
  spreadOverZones: { right: 'DoNotSchedule', wrong: true },
  'podSecurity.runAsUser': { right: 1_000, wrong: 0 },
  'controller.sites': {
    right: { mars: { nodeNames: ['node-9'], ip: '192.0.2.90' } },
    wrong: { mars: { nodename: 'node-9' } },
  },
  'controller.watch.namespace': { right: 'databases', wrong: 'data bases' },
  'controller.watch.createNamespace': {
    right: true,
    wrong: 'yes',
    given: { controller: { watch: { namespace: 'databases' } } },
  },
  'controller.watch.clusterName': { right: 'main', wrong: '' },
  'controller.watch.preferredPrimaryNode': { right: 'node-1', wrong: 1 },
  'controller.dns.provider': { right: 'none', wrong: 'bind' },
  'controller.dns.records': {
    right: ['app.example.com'],
    wrong: 'app.example.com',
    given: using('namecheap', { namecheap: { existingSecret: 'dns' } }),
  },
  'controller.dns.ttl': { right: 300, wrong: -1 },
  'controller.dns.nameServers': { right: ['192.0.2.53'], wrong: [53] },
  'controller.dns.owner.id': { right: 'here', wrong: 'a b' },
  'controller.dns.owner.prefix': { right: '%{record_type}-owner.', wrong: '%{type}', given: OWNED },
  'controller.dns.owner.suffix': { right: '-owner', wrong: 'A', given: OWNED },
  'controller.dns.owner.wildcard': { right: 'any', wrong: '*', given: OWNED },
  'controller.dns.owner.adopt': { right: true, wrong: 'yes', given: OWNED },
  'controller.dns.namecheap.apiUser': { right: 'someone', wrong: 5 },
  'controller.dns.namecheap.apiKey': { right: SECRET_VALUE, wrong: 5 },
  'controller.dns.namecheap.userName': { right: 'owner', wrong: 'two words' },
  'controller.dns.namecheap.clientIp': { right: '192.0.2.1', wrong: '192.0.2' },
  'controller.dns.namecheap.apiUrl': {
    right: 'https://api.sandbox.namecheap.com/xml.response',
    wrong: 'sandbox',
  },
  'controller.dns.namecheap.existingSecret': { right: 'dns', wrong: 'my secret' },
  'controller.dns.cloudflare.apiToken': { right: SECRET_VALUE, wrong: 5, given: using('cloudflare') },
  'controller.dns.cloudflare.apiUrl': {
    right: 'https://proxy.example.com',
    wrong: 'proxy',
    given: using('cloudflare'),
  },
  'controller.dns.cloudflare.existingSecret': {
    right: 'dns',
    wrong: 'my secret',
    given: using('cloudflare'),
  },
  'controller.dns.route53.zoneId': { right: 'Z0123456789', wrong: 'zone', given: using('route53') },
  'controller.dns.route53.privateZone': { right: true, wrong: 'yes', given: using('route53') },
  'controller.dns.route53.roleArn': {
    right: 'arn:aws:iam::123456789012:role/site-follower',
    wrong: 'site-follower',
    given: using('route53'),
  },
  'controller.dns.route53.apiUrl': {
    right: 'https://route53.example.com',
    wrong: 'route53',
    given: using('route53'),
  },
  'controller.dns.route53.accessKeyId': { right: 'AKIDEXAMPLE', wrong: 5, given: using('route53') },
  'controller.dns.route53.secretAccessKey': { right: SECRET_VALUE, wrong: 5, given: using('route53') },
  'controller.dns.route53.existingSecret': { right: 'dns', wrong: 'my secret', given: using('route53') },
  'controller.dns.external-dns.namespace': {
    right: 'dns',
    wrong: 'my.namespace',
    given: using('external-dns'),
  },
  'controller.dns.webhook.url': {
    right: 'http://dns-provider:8888',
    wrong: 'dns-provider:8888',
    given: using('webhook'),
  },
  'controller.dns.rfc2136.server': { right: 'ns1.example.com', wrong: 53, given: using('rfc2136') },
  'controller.dns.rfc2136.tsigName': { right: 'follower', wrong: 5, given: using('rfc2136') },
  'controller.dns.rfc2136.tsigAlgorithm': {
    right: 'hmac-sha512',
    wrong: 'hmac-md5',
    given: using('rfc2136'),
  },
  'controller.dns.rfc2136.tsigSecret': { right: SECRET_VALUE, wrong: 5, given: using('rfc2136') },
  'controller.dns.rfc2136.existingSecret': { right: 'dns', wrong: 'my secret', given: using('rfc2136') },
  'controller.routing.followServices': { right: false, wrong: 'no' },
  'controller.routing.podConditions': { right: false, wrong: 'no' },
  'controller.routing.conditionOrder': { right: 'old-site-first', wrong: 'at-once' },
  'controller.routing.nodeLabel': { right: true, wrong: 'active' },
  'controller.proxy.https': {
    right: 'http://proxy.example.com:3128',
    wrong: 'http://ann:word@proxy.example.com',
  },
  'controller.proxy.http': { right: 'proxy.example.com:3128', wrong: 'socks5://proxy.example.com' },
  'controller.proxy.noProxy': {
    right: ['.svc', '10.0.0.0/8'],
    wrong: '.svc,10.0.0.0/8',
    given: { controller: { proxy: { https: 'http://proxy.example.com:3128' } } },
  },
  'controller.proxy.existingSecret': { right: 'proxy', wrong: 'my secret' },
  'controller.proxy.caConfigMap': { right: 'authorities', wrong: 'my authorities' },
  'controller.replicas': { right: 3, wrong: 0 },
  'controller.dryRun': { right: true, wrong: 'true' },
  'controller.config': { right: { resyncSeconds: 5 }, wrong: 'resyncSeconds: 5' },
  'controller.env': { right: { RESYNC_SECONDS: 5 }, wrong: { 'resync-seconds': 5 } },
  'controller.envFrom': { right: [{ secretRef: { name: 'more' } }], wrong: { secretRef: { name: 'more' } } },
  'controller.resources': resources,
  'controller.nodeSelector': pods.nodeSelector,
  'controller.tolerations': pods.tolerations,
  'controller.affinity': pods.affinity,
  'controller.priorityClassName': pods.priorityClassName,
  'webhook.enabled': { right: false, wrong: 'false' },
  'webhook.mode': { right: 'both', wrong: 'policies' },
  'webhook.replicas': { right: 3, wrong: 2.5 },
  'webhook.failurePolicy': { right: 'Ignore', wrong: 'ignore' },
  'webhook.port': { right: 9_443, wrong: 443 },
  'webhook.httpPort': { right: 9_081, wrong: 80 },
  'webhook.hostNetwork': { right: true, wrong: 'host' },
  'webhook.certManager.enabled': { right: true, wrong: 'cert-manager' },
  'webhook.callers.authority': {
    right: 'webhook-callers',
    wrong: 'Webhook Callers',
    given: { webhook: { callers: { names: ['kube-apiserver'] } } },
  },
  'webhook.callers.names': {
    right: ['api-1', 'api-2'],
    wrong: 'api-1',
    given: { webhook: { callers: { authority: 'callers', names: ['api-0'] } } },
  },
  'webhook.resources': resources,
  'webhook.nodeSelector': pods.nodeSelector,
  'webhook.tolerations': pods.tolerations,
  'webhook.affinity': pods.affinity,
  'webhook.priorityClassName': pods.priorityClassName,
  'sidecar.resources': resources,
  'cloudnativepg.install': { right: true, wrong: 'yes' },
  'cloudnativepg.replicaCount': { right: 3, wrong: 0, given: withOperator },
  'cloudnativepg.topologySpreadConstraints': {
    right: [],
    wrong: 'zones',
    given: withOperator,
  },
  'cloudnativepg.nameOverride': { right: 'operator', wrong: 5, given: withOperator },
  'postgres.create': { right: true, wrong: 'yes' },
  'postgres.instances': { right: 3, wrong: 0, given: withPostgres },
  'postgres.storage.size': { right: '5Gi', wrong: '5 GB', given: withPostgres },
  'postgres.storage.storageClass': { right: 'fast', wrong: 'Fast Disks', given: withPostgres },
  'postgres.imageName': { right: 'postgres:18', wrong: 18, given: withPostgres },
  'postgres.spec': { right: { enablePDB: false }, wrong: [], given: withPostgres },
  'metrics.serviceMonitor': { right: true, wrong: 'yes' },
  'metrics.prometheusRule': { right: true, wrong: 'yes' },
  'metrics.dashboard': { right: true, wrong: 'yes' },
  'metrics.labels': {
    right: { release: 'prometheus' },
    wrong: { release: 1 },
    given: { metrics: { dashboard: true } },
  },
  'admissionPolicy.enabled': { right: true, wrong: 'yes' },
  'apiPriority.enabled': { right: false, wrong: 'yes' },
  'networkPolicy.enabled': { right: true, wrong: 'yes' },
  'networkPolicy.metricsFrom': {
    right: [{ namespaceSelector: { matchLabels: { team: 'ops' } } }],
    wrong: 'monitoring',
    given: { networkPolicy: { enabled: true } },
  },
};

/** `{a: {b: value}}` for `a.b`. */
export function nested(key: string, value: unknown): Record<string, unknown> {
  return key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Record<
    string,
    unknown
  >;
}

/** As Helm lays values files over one another. */
export function layered(...layers: readonly object[]): object {
  const isMap = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const result: Record<string, unknown> = {};
  for (const [key, value] of layers.flatMap((layer) => Object.entries(layer))) {
    const under = result[key];
    result[key] = isMap(under) && isMap(value) ? layered(under, value) : value;
  }
  return result;
}

/** Every feature at once that every supported Kubernetes has. */
export const EVERYTHING = layered(
  ...Object.entries(EXAMPLES)
    .filter(([key]) => !['nameOverride', 'fullnameOverride', 'webhook.enabled', 'webhook.mode'].includes(key))
    .filter(
      ([key]) => !key.startsWith('controller.routing.') && !key.startsWith('cloudnativepg.nameOverride'),
    )
    .map(([key, { right }]) => nested(key, right)),
  {
    controller: {
      routing: { nodeLabel: true },
      dns: { provider: 'namecheap', owner: { suffix: '' } },
      watch: { namespace: 'postgres' },
    },
  },
);
