/** What the policies do otherwise than the webhook: a table in docs/policies.md, tested against webhook/admission.ts. */
export interface Difference {
  readonly what: string;
  readonly webhook: string;
  readonly policy: string;
  /** What to do instead. */
  readonly instead: string;
  /** The messages of the golden tests that the policies lack. */
  readonly unsaid?: readonly RegExp[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    what: 'Kubernetes',
    webhook: '1.29 or later',
    policy: '1.36 or later',
    instead: '–',
  },
  {
    what: 'A refusal',
    webhook: 'up to ten problems of a pod at once',
    policy: 'all of them',
    instead: '–',
  },
  {
    what: 'An update that would stop',
    webhook: 'a warning with the numbers, when the workload is applied',
    policy: 'no warning',
    instead: '`kubectl site-follower check` says the same',
    unsaid: [
      /updates stop: set rollingUpdate/,
      /an update (may )?stops? .*set updateStrategy/,
      /with maxSurge an update stops/,
      /the next one waits for ever: set podManagementPolicy/,
    ],
  },
  {
    what: 'A workload whose pods will be refused',
    webhook: 'a warning, when it is applied',
    policy: 'no warning; the Event `FailedCreate` of its ReplicaSet has the message',
    instead: '`kubectl describe replicaset`',
    unsaid: [],
  },
  {
    what: 'A label on a workload that has no effect',
    webhook: 'a warning',
    policy: 'no warning; it has no effect either',
    instead: '`kubectl site-follower explain NAME`',
    unsaid: [/^label site-follower\/inject(=true|: ".*")? has no effect/],
  },
  {
    what: 'A pod that asks and gets none, such as one on the host network',
    webhook: 'a warning, and the Event `InjectionSkipped`',
    policy: 'a warning',
    instead: '`kubectl site-follower explain NAME`',
  },
  {
    what: 'A Guaranteed pod that becomes Burstable',
    webhook: 'a warning',
    policy: 'no warning',
    instead: '[requests that equal the limits](injection.md#what-changes-in-a-pod)',
    unsaid: [/the sidecar makes this Guaranteed pod Burstable/],
  },
  {
    what: 'A mesh that takes the probes',
    webhook: 'a warning; the probes are put back where Istio has taken them',
    policy: 'no warning; they are put back',
    instead: 'the annotations of [service meshes](meshes.md)',
  },
  {
    what: 'A LimitRange that refuses the pod for its sidecar',
    webhook: 'a warning with the annotation that fits',
    policy: 'only the refusal of the API server',
    instead: 'the check `limits` of `kubectl site-follower check`',
  },
  {
    what: 'Members of what is followed, where only the name of the primary tells them (the triggers `lease` and `resource`, and `pod-label` without a preset)',
    webhook: 'the pods of the primary’s workload are left alone',
    policy: 'no pod of that namespace is injected',
    instead: 'applications in another namespace, or the webhook',
  },
  {
    what: 'A Service that follows',
    webhook: 'has its site from its creation, and nobody takes it out',
    policy: 'has its site a moment later, as the controller writes it, and gets it back the same way',
    instead: 'nothing; a new one may reach the other site until then',
  },
  {
    what: 'Pods that were made without the sidecar',
    webhook: 'looked for every minute: a metric, an alert and `kube-site-follower-injection`',
    policy: 'not looked for: a pod that asks is made with it, or not at all',
    instead: 'the check `missed-pods` of `kubectl site-follower check`',
  },
  {
    what: 'Events and metrics of injection',
    webhook: '[Events](events.md#the-webhook), [metrics](metrics.md#the-webhook)',
    policy: 'none',
    instead: 'the API server’s `apiserver_mutating_admission_policy_check_total` and its like',
  },
];
