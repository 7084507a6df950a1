import { type Check, type Finding, problem } from '../checks/check.ts';
import { mayI, type ResourceAttributes } from '../cluster/access.ts';
import { discover, kindOf } from './apis.ts';
import type { Before } from './before.ts';

function create(group: string, resource: string, namespace?: string): ResourceAttributes {
  return { verb: 'create', group, resource, ...(namespace !== undefined && { namespace }) };
}

/** For the chart with its default values, in the order in which Helm needs them. */
function usual(namespace: string): readonly ResourceAttributes[] {
  return [
    create('', 'namespaces'),
    create('', 'secrets', namespace),
    create('', 'serviceaccounts', namespace),
    create('apps', 'deployments', namespace),
    create('batch', 'jobs', namespace),
    create('rbac.authorization.k8s.io', 'clusterroles'),
    create('rbac.authorization.k8s.io', 'clusterrolebindings'),
    create('admissionregistration.k8s.io', 'mutatingwebhookconfigurations'),
    create('apiextensions.k8s.io', 'customresourcedefinitions'),
  ];
}

/** For each kind and namespace of the manifests; Helm keeps its releases in Secrets. */
async function needed({ namespace, planned, read }: Before): Promise<readonly ResourceAttributes[]> {
  if (planned === undefined) return usual(namespace);
  const known = await discover(planned, read);
  const all = planned.objects.flatMap((object) => {
    const resource = known.get(kindOf(object));
    if (resource === undefined) return [];
    const where = resource.namespaced ? (object.metadata.namespace ?? namespace) : undefined;
    return [create(resource.group, resource.plural, where)];
  });
  const rights = [create('', 'secrets', namespace), ...all];
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()];
}

export const INSTALLER: Check<Before> = {
  name: 'installer',
  title: 'you may create what the chart creates',
  async find(world) {
    const answers = await Promise.all(
      (await needed(world)).map(async (right) => ({ right, may: await mayI(world.api, right) })),
    );
    const missing = answers
      .filter(({ may }) => !may)
      .map(({ right }): Finding => {
        const where = right.namespace === undefined ? 'in the cluster' : `in namespace ${right.namespace}`;
        const action = 'Ask an administrator of the cluster for it, or to install the chart.';
        return problem(right.resource, `you may not create them ${where}`, action);
      });
    return { findings: missing };
  },
};
