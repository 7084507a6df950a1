import { type Check, problem } from '../checks/check.ts';
import type { Before } from './before.ts';

/** Native sidecars are on by default from there; the chart wants the same. */
export const LEAST_MINOR = 29;
/** MutatingAdmissionPolicies in `admissionregistration.k8s.io/v1`. */
const LEAST_MINOR_OF_POLICIES = 36;

export function serverVersion({ read, planned }: Before): Check {
  return {
    name: 'version',
    title: `the API server is Kubernetes 1.${LEAST_MINOR} or later, for webhook.mode policy 1.${LEAST_MINOR_OF_POLICIES}`,
    async find({ abort }) {
      const { gitVersion = '' } = (await read('/version', { abort })) as { readonly gitVersion?: string };
      const minor = Number(/^v1\.(\d+)/.exec(gitVersion)?.[1] ?? LEAST_MINOR);
      const about = `API server ${gitVersion}`;
      if (minor < LEAST_MINOR) {
        const text = 'it knows no native sidecars, and Helm refuses the chart';
        return {
          findings: [problem(about, text, `Upgrade the cluster to Kubernetes 1.${LEAST_MINOR} or later.`)],
        };
      }
      const hasPolicies = planned?.objects.some(({ kind }) => kind === 'MutatingAdmissionPolicy');
      if (hasPolicies && minor < LEAST_MINOR_OF_POLICIES) {
        const text = 'it has no MutatingAdmissionPolicies, by which webhook.mode policy and both inject';
        return { findings: [problem(about, text, 'Leave webhook.mode at webhook.')] };
      }
      return { findings: [], note: gitVersion };
    },
  };
}
