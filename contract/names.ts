/**
 * The names that controller, webhook, sidecar and users agree on.
 * They are public: changing one breaks somebody's manifest.
 */

/** The program's name: field manager, Lease, label value, User-Agent. */
export const PROGRAM = 'kube-site-follower';

/** Prefix of every label and annotation of ours. */
const PREFIX = 'site-follower';

export const LABELS = {
  /** On a pod template, a workload or a namespace: `true` asks for injection, `false` on a pod refuses it. */
  inject: `${PREFIX}/inject`,
  /** On a namespace: `true` asks for a copy of the status ConfigMap to mount. */
  status: `${PREFIX}/status`,
  /** On our ConfigMaps: which follower they belong to. */
  follower: `${PREFIX}/follower`,
  /** On our ConfigMaps: `status`, `report`, `copy` or `zones`. */
  role: `${PREFIX}/role`,
  /** The recommended Kubernetes label; its value on objects of ours is {@link PROGRAM}. */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const ANNOTATIONS = {
  /** On the status ConfigMap: the leader's term. A writer with a lower one has been deposed. */
  term: `${PREFIX}/term`,
  /** Written by `kubectl rollout restart` on a pod template. */
  restartedAt: 'kubectl.kubernetes.io/restartedAt',
} as const;

export const PORTS = {
  /** The controller's HTTP server. */
  controller: 8080,
  /** The sidecar for the application: loopback only. */
  sidecar: 9911,
  /** The sidecar for the kubelet: the pod's address. */
  probe: 9912,
} as const;

/** The follower that the simple configuration makes. */
export const DEFAULT_FOLLOWER = 'default';

/** `base` for the default follower, `base-<follower>` for another. */
export function configMapName(base: string, follower: string): string {
  return follower === DEFAULT_FOLLOWER ? base : `${base}-${follower}`;
}

export const STATUS_CONFIGMAP = 'kube-site-follower-status';
export const REPORT_CONFIGMAP = 'kube-site-follower-report';
