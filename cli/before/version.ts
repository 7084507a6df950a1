import { type Check, problem } from '../checks/check.ts';
import type { Before } from './before.ts';

/** The first with native sidecars by default; the chart requires it, too. */
export const LEAST_MINOR = 29;
/** The first with MutatingAdmissionPolicies in `admissionregistration.k8s.io/v1`. */
const LEAST_MINOR_OF_POLICIES = 36;

/** Of a version such as `v1.36.0`; one that cannot be read counts as recent enough. */
export function minorOf(version: string): number {
  return Number(/^v1\.(\d+)/.exec(version)?.[1] ?? LEAST_MINOR);
}

export const SERVER_VERSION: Check<Before> = {
  name: 'version',
  title: `the API server is Kubernetes 1.${LEAST_MINOR} or later, for webhook.mode policy 1.${LEAST_MINOR_OF_POLICIES}`,
  async find({ read, planned }) {
    const { gitVersion = '' } = (await read('/version')) as { readonly gitVersion?: string };
    const minor = minorOf(gitVersion);
    const about = `API server ${gitVersion}`;
    if (minor < LEAST_MINOR) {
      const text = 'it knows no native sidecars, and Helm refuses the chart';
      const action = `Upgrade the cluster to Kubernetes 1.${LEAST_MINOR} or later.`;
      return { findings: [problem(about, text, action)] };
    }
    const hasPolicies = planned?.objects.some(({ kind }) => kind === 'MutatingAdmissionPolicy');
    if (hasPolicies && minor < LEAST_MINOR_OF_POLICIES) {
      const text = 'it has no MutatingAdmissionPolicies, by which webhook.mode policy and both inject';
      return { findings: [problem(about, text, 'Leave webhook.mode at webhook.')] };
    }
    return { findings: [], note: gitVersion };
  },
};
