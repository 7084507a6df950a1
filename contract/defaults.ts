/** The names and ports that the sidecar needs too: apart from the others, as its bundle is in every pod. */

/** The program's name: field manager, Lease, label value, User-Agent. */
export const PROGRAM = 'kube-site-follower';

export const STATUS_CONFIGMAP = 'kube-site-follower-status';

export const PORTS = {
  /** The controller's HTTP server. */
  controller: 8080,
  /** The sidecar for the application: loopback only. */
  sidecar: 9911,
  /** The sidecar for the kubelet: the pod's address. */
  probe: 9912,
} as const;
