import { leavesAlone, listPolicies } from '../cluster/policies.ts';
import { type Check, type Finding, problem, type Result } from './check.ts';
import { attempt, whereToTry } from './webhook.ts';
import type { World } from './world.ts';

const AGAIN = 'Install the chart again with the same values: helm upgrade.';

const MEANING = {
  notInjected: {
    because: '',
    action: `See whether somebody has changed the policies or their bindings. ${AGAIN}`,
  },
  // By the refusing policy or the API server's own rules.
  refused: { leastStatus: 422, action: AGAIN },
} as const;

/** What there is of the chart's, by the end of its name behind that of the release, and what goes wrong without it. */
const PARTS = [
  ['MutatingAdmissionPolicy', 'pods', 'labelled pods are refused, as nothing injects into them'],
  ['MutatingAdmissionPolicyBinding', 'pods', 'labelled pods are refused, as nothing injects into them'],
  [
    'MutatingAdmissionPolicyBinding',
    'pods-of-namespaces',
    'pods whose namespace asks are refused, as nothing injects into them',
  ],
  ['MutatingAdmissionPolicy', 'workloads', 'labels of workloads do not reach their pods'],
  ['MutatingAdmissionPolicyBinding', 'workloads', 'labels of workloads do not reach their pods'],
  ['ValidatingAdmissionPolicy', 'pods', 'pods that cannot be injected run without the sidecar'],
  ['ValidatingAdmissionPolicyBinding', 'pods', 'pods that cannot be injected run without the sidecar'],
  [
    'ValidatingAdmissionPolicyBinding',
    'pods-of-namespaces',
    'pods that cannot be injected run without the sidecar',
  ],
] as const;

/** Looks for its parts, and tries it by a dry run as with the webhook. */
export const POLICIES: Check = {
  name: 'policies',
  title: 'the policies by which the API server injects are all there, and a labelled pod gets the sidecar',
  async find(world): Promise<Result> {
    const policy = await world.injectingPolicy();
    if (policy === undefined) return { findings: [], skipped: 'there are none: webhook.mode is not policy' };
    const missing = await missingParts(world, policy.metadata.name.replace(/pods$/, ''));
    if (missing.length > 0) return { findings: missing };
    const excluded = ['kube-system', world.namespace];
    const namespace = await whereToTry(world, {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: excluded }],
    });
    if (namespace === undefined || leavesAlone(policy, namespace)) {
      return { findings: [], skipped: 'no namespace is left to try them in' };
    }
    const about = `MutatingAdmissionPolicy ${policy.metadata.name}`;
    return { findings: await attempt(world, namespace, { about, ...MEANING }) };
  },
};

async function missingParts({ api, abort }: World, prefix: string): Promise<Finding[]> {
  const kinds = [...new Set(PARTS.map(([kind]) => kind))];
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const objects = await listPolicies(api, kind, abort);
      return objects.map(({ metadata }) => `${kind} ${metadata.name}`);
    }),
  );
  const there = found.flat();
  return PARTS.map(([kind, end, means]) => ({ about: `${kind} ${prefix}${end}`, means }))
    .filter(({ about }) => !there.includes(about))
    .map(({ about, means }) => problem(about, `it is missing: ${means}`, AGAIN));
}
