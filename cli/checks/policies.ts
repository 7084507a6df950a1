import { NAMESPACE_NAME } from '../../kubernetes/selector.ts';
import { leavesAlone, listPolicies } from '../cluster/policies.ts';
import { type Check, type Finding, problem, type Result, skip } from './check.ts';
import { attempt, whereToTry } from './webhook.ts';
import type { World } from './world.ts';

const AGAIN = 'Install the chart again with the same values: helm upgrade.';

const MEANING = {
  notInjected: {
    because: '',
    action: `See whether somebody has changed the policies or their bindings. ${AGAIN}`,
  },
  // Both the refusing policy and the API server’s own validation answer 422.
  refused: { leastStatus: 422, action: AGAIN },
} as const;

const NOT_INJECTED = 'labelled pods are refused, as nothing injects into them';
const NOT_PROPAGATED = 'labels of workloads do not reach their pods';
const NOT_REFUSED = 'pods that cannot be injected run without the sidecar';

/** Objects of the chart by kind and the end of their name, and what goes wrong without them. */
const PARTS = [
  ['MutatingAdmissionPolicy', 'pods', NOT_INJECTED],
  ['MutatingAdmissionPolicyBinding', 'pods', NOT_INJECTED],
  [
    'MutatingAdmissionPolicyBinding',
    'pods-of-namespaces',
    'pods whose namespace asks are refused, as nothing injects into them',
  ],
  ['MutatingAdmissionPolicy', 'workloads', NOT_PROPAGATED],
  ['MutatingAdmissionPolicyBinding', 'workloads', NOT_PROPAGATED],
  ['ValidatingAdmissionPolicy', 'pods', NOT_REFUSED],
  ['ValidatingAdmissionPolicyBinding', 'pods', NOT_REFUSED],
  ['ValidatingAdmissionPolicyBinding', 'pods-of-namespaces', NOT_REFUSED],
] as const;

/** Whether all parts are there, and a dry run as with the webhook. */
export const POLICIES: Check = {
  name: 'policies',
  title: 'the policies by which the API server injects are all there, and a labelled pod gets the sidecar',
  async find(world): Promise<Result> {
    const policy = await world.injectingPolicy();
    if (policy === undefined) return skip('there are none: webhook.mode is not policy');
    const missing = await missingParts(world, policy.metadata.name.replace(/pods$/, ''));
    if (missing.length > 0) return { findings: missing };
    const excluded = ['kube-system', world.namespace];
    const namespace = await whereToTry(world, {
      matchExpressions: [{ key: NAMESPACE_NAME, operator: 'NotIn', values: excluded }],
    });
    if (namespace === undefined || leavesAlone(policy, namespace)) {
      return skip('no namespace is left to try them in');
    }
    const about = `MutatingAdmissionPolicy ${policy.metadata.name}`;
    return { findings: await attempt(world, namespace, { about, ...MEANING }) };
  },
};

async function missingParts({ api }: World, prefix: string): Promise<Finding[]> {
  const kinds = [...new Set(PARTS.map(([kind]) => kind))];
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const objects = await listPolicies(api, kind);
      return objects.map(({ metadata }) => `${kind} ${metadata.name}`);
    }),
  );
  const there = found.flat();
  return PARTS.map(([kind, end, means]) => ({ about: `${kind} ${prefix}${end}`, means }))
    .filter(({ about }) => !there.includes(about))
    .map(({ about, means }) => problem(about, `it is missing: ${means}`, AGAIN));
}
