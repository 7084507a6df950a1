import type { KubeObject } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { type Check, type Finding, problem, skip } from '../checks/check.ts';
import { discover, kindOf } from './apis.ts';
import { type Before, GIVE_MANIFESTS } from './before.ts';
import type { Manifest } from './planned.ts';

const INSTANCE = 'app.kubernetes.io/instance';
/** Helm makes hooks anew each time, whoever has made them before. */
const HOOK = 'helm.sh/hook';
/** By these Helm knows its own, and imports nothing else. Source: pkg/action/validate.go of Helm. */
const RELEASE_NAME = 'meta.helm.sh/release-name';
const RELEASE_NAMESPACE = 'meta.helm.sh/release-namespace';

/** Names in the cluster are made of the release's name alone. The operator's kinds have a check of their own. */
export const RELEASE: Check<Before> = {
  name: 'release',
  title: 'nothing of the cluster that the chart makes belongs to another release',
  async find({ api, planned, namespace, read }) {
    if (planned === undefined) return skip(GIVE_MANIFESTS);
    const known = await discover(planned, read);
    const own = planned.objects.flatMap((object) => {
      const resource = known.get(kindOf(object));
      const isOfCluster = resource?.namespaced === false && object.kind !== 'CustomResourceDefinition';
      return isOfCluster && object.metadata.annotations?.[HOOK] === undefined ? [{ object, resource }] : [];
    });
    const found = await Promise.all(
      own.map(async ({ object, resource }) => {
        const there = await api.get(resource, { name: object.metadata.name }).catch(ignoreNotFound);
        return there === undefined || isOf(there, object, namespace) ? [] : [finding(object, there)];
      }),
    );
    return { findings: found.flat() };
  },
};

/** What has no such annotation was made by another tool, which asks nobody. */
function isOf({ metadata }: KubeObject, planned: Manifest, namespace: string): boolean {
  const { [RELEASE_NAME]: name, [RELEASE_NAMESPACE]: where } = metadata.annotations ?? {};
  return name === undefined || (name === planned.metadata.labels?.[INSTANCE] && where === namespace);
}

function finding({ kind }: Manifest, { metadata }: KubeObject): Finding {
  const { [RELEASE_NAME]: name, [RELEASE_NAMESPACE]: where } = metadata.annotations ?? {};
  return problem(
    `${kind} ${metadata.name}`,
    `it belongs to the release ${name} in namespace ${where}, and Helm refuses a second one of this name`,
    'Upgrade that release, which serves all namespaces, or uninstall it first.',
  );
}
