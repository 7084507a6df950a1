import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreNotFound, KubeError } from '../../kubernetes/errors.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { explain } from '../../runtime/explain.ts';
import { type Check, type Finding, problem, skip } from '../checks/check.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import { type Before, GIVE_MANIFESTS } from './before.ts';

const ACTION =
  'See the labels pod-security.kubernetes.io/* of the namespace and the policies of the cluster: change those, or the values that they name.';

/** Creates each pod by a dry run, and shows the text of whatever refuses it. */
export const ADMISSION: Check<Before> = {
  name: 'admission',
  title: 'Pod Security and other policies of the namespace admit the chart’s pods',
  async find({ api, namespace, planned }) {
    if (planned === undefined) return skip(GIVE_MANIFESTS);
    const found = await api.get(NAMESPACES, { name: namespace }).catch(ignoreNotFound);
    if (found === undefined) return skip(`namespace ${namespace} is not there yet, nor what it asks of pods`);
    const own = planned.templates.filter(
      ({ template }) => (template.metadata.namespace ?? namespace) === namespace,
    );
    const tried = await Promise.all(
      own.map(({ about, template }) => attempt(api, about, podOf(namespace, template))),
    );
    return { findings: tried.flat() };
  },
};

/** With the default service account, as the chart’s own do not exist yet. */
function podOf(namespace: string, { metadata, spec }: Pick<PodDetails, 'metadata' | 'spec'>): PodDetails {
  const labels = metadata.labels ?? {};
  return {
    metadata: { namespace, name: 'kube-site-follower-check', labels },
    spec: { ...spec, containers: spec?.containers ?? [], serviceAccountName: 'default' },
  };
}

async function attempt(api: KubeApi, about: string, pod: PodDetails): Promise<readonly Finding[]> {
  try {
    await api.create(POD_DETAILS, pod, { dryRun: true });
    return [];
  } catch (error) {
    // Whether the user may create pods at all is a matter of the check `installer`.
    if (!(error instanceof KubeError) || error.status === 0 || isRights(error)) throw error;
    return [problem(about, `its pods are refused: ${explain(error)}`, ACTION)];
  }
}

/** Whether RBAC refused it, and not an admission plugin. */
function isRights({ status, message }: KubeError): boolean {
  return status === 401 || (status === 403 && / cannot create resource /.test(message));
}
