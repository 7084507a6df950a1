/**
 * What the webhook puts into a pod and the sidecar finds there: environment, files, paths. Both sides read it here.
 */

/** The injected container's name. */
export const SIDECAR_CONTAINER = 'site-follower';

/** How a standby site shows: by the readiness probe, by a pod condition, or only to who asks `/active`. */
export const GATES = ['readiness', 'condition', 'none'] as const;
export type Gate = (typeof GATES)[number];

/** What holds when no source confirms the state any more: the last state, or standby. */
export const WHEN_STALE = ['hold', 'standby'] as const;
export type WhenStale = (typeof WHEN_STALE)[number];

/**
 * Seconds without a confirmation after which the state is stale. Above the minute in which an API server confirms a
 * watch by a bookmark, so that a healthy watch needs no further calls.
 */
export const DEFAULT_STALE_AFTER = 120;

/** Seconds that a call of the application may take, and how often it is tried again when it fails. */
export const DEFAULT_HOOK_TIMEOUT = 5;
export const DEFAULT_HOOK_RETRIES = 5;

/**
 * Flags of the sidecar's Node.js: little memory, and no more of it under load. The authorities that Node brings would take
 * 1 MiB, and 30 ms of the start: it parses all of them before it takes one that it is given (src/crypto/crypto_context.cc),
 * and a sidecar believes that of the cluster alone. Collecting the whole heap each time (`--gc-global`) was measured too:
 * 0.1 MiB less after 60,000 requests, for 1.75 times the work of each.
 */
export const SIDECAR_NODE_FLAGS = [
  '--jitless',
  '--max-old-space-size=16',
  '--max-semi-space-size=1',
  '--v8-pool-size=0',
  '--use-openssl-ca',
] as const;

/** The environment of the injected container. */
export const SIDECAR_ENV = {
  /** The node that the pod runs on. */
  nodeName: 'NODE_NAME',
  /** Where the status ConfigMap is: the controller's namespace. */
  namespace: 'SITE_FOLLOWER_NAMESPACE',
  /** Its name. */
  configMap: 'SITE_FOLLOWER_CONFIGMAP',
  /** The application's port, on 127.0.0.1. */
  port: 'SITE_FOLLOWER_PORT',
  /** The kubelet's port, on the pod's address. */
  probePort: 'SITE_FOLLOWER_PROBE_PORT',
  /** One of {@link GATES}. */
  gate: 'SITE_FOLLOWER_GATE',
  /** One of {@link WHEN_STALE}. */
  whenStale: 'SITE_FOLLOWER_WHEN_STALE',
  /** Seconds; see {@link DEFAULT_STALE_AFTER}. */
  staleAfter: 'SITE_FOLLOWER_STALE_AFTER',
  /** `PORT/PATH` of the application that is called when the pod becomes standby, or active; not set: none. */
  onStandby: 'SITE_FOLLOWER_ON_STANDBY',
  onActive: 'SITE_FOLLOWER_ON_ACTIVE',
  /** Seconds. */
  hookTimeout: 'SITE_FOLLOWER_HOOK_TIMEOUT',
  hookRetries: 'SITE_FOLLOWER_HOOK_RETRIES',
  /** Folder of the mounted copy of the status: one file a key. It is empty where there is no copy. */
  statusDir: 'SITE_FOLLOWER_STATUS_DIR',
  /** Folder of {@link TOKEN_FILE} and {@link CA_FILE}. */
  tokenDir: 'SITE_FOLLOWER_TOKEN_DIR',
  /** Listen on this address alone. Not set in pods: it lets several sidecars run on one machine. */
  address: 'SITE_FOLLOWER_ADDRESS',
} as const;

export const STATUS_DIR = '/var/run/site-follower/status';
export const TOKEN_DIR = '/var/run/secrets/site-follower';
/** The token for the API server; the kubelet renews it. */
export const TOKEN_FILE = 'token';
/** The authority of the API server's certificate. */
export const CA_FILE = 'ca.crt';

/** What the sidecar serves; the probes ask for the first two. */
export const SIDECAR_PATHS = {
  ready: '/ready',
  healthz: '/healthz',
  active: '/active',
  events: '/events',
  metrics: '/metrics',
} as const;
