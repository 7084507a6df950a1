import { DIFFERENCES } from '../webhook/policy/differences.ts';
import { fence, table } from './markdown.ts';

const upgrade = (mode: string) =>
  fence(
    'sh',
    `helm upgrade kube-site-follower charts/kube-site-follower --namespace site-follower -f values.yaml --set webhook.mode=${mode}`,
  );

/** The page of injection without a webhook. */
export function policyParts(): string[] {
  return [
    `From Kubernetes 1.36 on the API server can inject the sidecar itself, by MutatingAdmissionPolicies. Nothing of ours is called then:
there is no server, no Service, no certificate, and nothing that can be away while pods are created. The policies ask for no
permission either. The chart makes them with \`webhook.mode: policy\`; the default is \`webhook\`.`,
    `Labels, annotations, and the pods that come out are those of [injection](injection.md): both ways are made of the same code, and a test
sends the golden manifests through the API server by either. What cannot work is refused with the same message, by a
ValidatingAdmissionPolicy beside it, which also refuses a pod that asks and was not injected, for whatever reason: so none runs without
its sidecar unseen. Members of a [database](databases.md) are left alone by the same rule.`,
    `The tests do this on Kubernetes 1.34, which has these policies in beta, and on 1.37 with \`make integration KUBERNETES=1.37\`. Helm refuses
\`policy\` and \`both\` on an older Kubernetes. Flux and Argo CD render with the version of the cluster they install to.
With \`webhook.failurePolicy: Ignore\` a policy that fails is passed over. The values \`replicas\`, \`port\`, \`certManager\`, \`callers\` and
those of the pods have no effect.`,
    '## What is different',
    table(
      ['', 'webhook', 'policy', 'instead'],
      DIFFERENCES.map(({ what, webhook, policy, instead }) => [what, webhook, policy, instead]),
    ),
    '## From one to the other',
    `While both are there, a pod is injected once: the policies come first, and the API server does not ask the webhook about a pod that has the
sidecar. So add the new one, wait until it injects, and take the old one away. An API server knows a new policy after some
seconds; where there are several API servers, wait for a minute. From the webhook to the policies:`,
    upgrade('both'),
    upgrade('policy'),
    `Back again the same way, by \`both\` and then \`webhook\`; after the first step wait until the pods of the webhook are ready and
\`kubectl site-follower check\` finds that it is trusted. One step alone would leave a moment in which neither injects.`,
  ];
}
