/**
 * The names that controller, webhook, sidecar and users agree on.
 * They are public: changing one breaks somebody's manifest.
 */

export { PORTS, PROGRAM, STATUS_CONFIGMAP } from './defaults.ts';

/** Prefix of every label and annotation of ours. */
const PREFIX = 'site-follower';

export const LABELS = {
  /** On a pod template, a workload or a namespace: `true` asks for injection, `false` on a pod refuses it. */
  inject: `${PREFIX}/inject`,
  /** On a namespace: `true` asks for a copy of the status ConfigMap to mount. */
  status: `${PREFIX}/status`,
  /** On a Service: `true` asks that it routes to the active site alone. */
  follow: `${PREFIX}/follow`,
  /** Put on a pod by the injector: `condition` where its readiness hangs on a condition that the controller keeps. */
  gate: `${PREFIX}/gate`,
  /** On our ConfigMaps: which follower they belong to. */
  follower: `${PREFIX}/follower`,
  /** On our ConfigMaps: `status`, `report`, `copy` or `zones`. */
  role: `${PREFIX}/role`,
  /** On a copy of the status: the namespace of the controller that keeps it. */
  source: `${PREFIX}/source`,
  /** The recommended Kubernetes label; its value on objects of ours is {@link PROGRAM}. */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const ANNOTATIONS = {
  /** On a pod or a Service: which follower it listens to. */
  follower: `${PREFIX}/follower`,
  /** On a pod: how a standby site shows; one of GATES in sidecar.ts. */
  gate: `${PREFIX}/gate`,
  /** On a pod: what holds when no source answers any more; one of WHEN_STALE in sidecar.ts. */
  whenStale: `${PREFIX}/when-stale`,
  /** On a pod: seconds. */
  staleAfter: `${PREFIX}/stale-after`,
  /** On a pod: the sidecar's port for the application. */
  port: `${PREFIX}/port`,
  /** On a pod: the sidecar's port for the kubelet. */
  probePort: `${PREFIX}/probe-port`,
  /** On a pod: `PORT/PATH` in it that the sidecar calls when the pod becomes standby, or active. */
  onStandby: `${PREFIX}/on-standby`,
  onActive: `${PREFIX}/on-active`,
  /** On a pod: seconds that such a call may take, and how often it is tried again. */
  hookTimeout: `${PREFIX}/hook-timeout`,
  hookRetries: `${PREFIX}/hook-retries`,
  /** On a pod: the sidecar's resources. */
  cpuRequest: `${PREFIX}/cpu-request`,
  cpuLimit: `${PREFIX}/cpu-limit`,
  memoryRequest: `${PREFIX}/memory-request`,
  memoryLimit: `${PREFIX}/memory-limit`,
  /** On a followed Service: what it does while the active site has no ready pod; one of ON_EMPTY in routing.ts. */
  onEmpty: `${PREFIX}/on-empty`,
  /** On a followed Service: seconds that this lasts before `any-site` takes effect. */
  onEmptyAfter: `${PREFIX}/on-empty-after`,
  /** Put on a followed Service beside the site in its selector: the epoch in which that site is active. */
  epoch: `${PREFIX}/epoch`,
  /** Put on a followed Service while it routes to any site: since when, RFC 3339. */
  anySite: `${PREFIX}/any-site`,
  /** Put on a pod by the injector: `injected`. */
  status: `${PREFIX}/status`,
  /** Put beside an inject label that we set because a workload has it: that label's value; `namespace` where a namespace asked. */
  carriedLabel: `${PREFIX}/carried-label`,
  /** Put on a pod by the injector: what of its own the pod had before; `label` and `readiness-gate` of the gate `condition`. */
  kept: `${PREFIX}/kept`,
  /** On the status ConfigMap: the leader's term. A writer with a lower one has been deposed. */
  term: `${PREFIX}/term`,
  /** Written by `kubectl rollout restart` on a pod template. */
  restartedAt: 'kubectl.kubernetes.io/restartedAt',
} as const;

/** The follower that the simple configuration makes. */
export const DEFAULT_FOLLOWER = 'default';

/** The follower that a pod or Service names. */
export function followerOf({ annotations }: Annotated): string {
  return annotations?.[ANNOTATIONS.follower] ?? DEFAULT_FOLLOWER;
}

interface Annotated {
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `base` for the default follower, `base-<follower>` for another. */
export function configMapName(base: string, follower: string): string {
  return follower === DEFAULT_FOLLOWER ? base : `${base}-${follower}`;
}

export const REPORT_CONFIGMAP = 'kube-site-follower-report';

/** The section of the report that says what is followed: the trigger's kind and its subject. */
export const TRIGGER_SECTION = 'trigger';
