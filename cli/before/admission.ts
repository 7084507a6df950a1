import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreNotFound, KubeError } from '../../kubernetes/errors.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { explain } from '../../runtime/explain.ts';
import { type Check, type Finding, problem } from '../checks/check.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pods.ts';
import { type Before, GIVE_MANIFESTS } from './before.ts';

const ACTION =
  'See the labels pod-security.kubernetes.io/* of the namespace and the policies of the cluster: change those, or the values that they name.';

/** Tries it: each pod is created as a dry run, which nobody keeps. What refuses it says so in its own words. */
export function admission({ namespace, planned }: Before): Check {
  return {
    name: 'admission',
    title: 'Pod Security and other policies of the namespace admit the chart’s pods',
    async find({ api, abort }) {
      if (planned === undefined) return { findings: [], skipped: GIVE_MANIFESTS };
      const found = await api.get(NAMESPACES, { name: namespace }, { abort }).catch(ignoreNotFound);
      if (found === undefined)
        return { findings: [], skipped: `namespace ${namespace} is not there yet, nor what it asks of pods` };
      const own = planned.templates.filter(
        ({ template }) => (template.metadata.namespace ?? namespace) === namespace,
      );
      const tried = await Promise.all(
        own.map(({ about, template }) => attempt(api, about, podOf(namespace, template), abort)),
      );
      return { findings: tried.flat() };
    },
  };
}

/** With the account that each namespace has: the chart’s own are not there yet. */
function podOf(namespace: string, { metadata, spec }: Pick<PodDetails, 'metadata' | 'spec'>): PodDetails {
  const labels = metadata.labels ?? {};
  return {
    metadata: { namespace, name: 'kube-site-follower-check', labels },
    spec: { ...spec, containers: spec?.containers ?? [], serviceAccountName: 'default' },
  };
}

async function attempt(
  api: KubeApi,
  about: string,
  pod: PodDetails,
  abort: AbortSignal,
): Promise<readonly Finding[]> {
  try {
    await api.create(POD_DETAILS, pod, { dryRun: true, abort });
    return [];
  } catch (error) {
    // Whether one may create pods at all is told by the check of rights.
    if (!(error instanceof KubeError) || error.status === 0 || isRights(error)) throw error;
    return [problem(about, `its pods are refused: ${explain(error)}`, ACTION)];
  }
}

/** A refusal by RBAC, and not by what looks at the pod. */
function isRights({ status, message }: KubeError): boolean {
  return status === 401 || (status === 403 && / cannot create resource /.test(message));
}
