import { PROGRAM } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isReady } from '../../kubernetes/ready.ts';
import type { Condition } from '../../kubernetes/resources.ts';
import { isOver, POD_DETAILS, type PodDetails, unreadyBecause } from '../cluster/pods.ts';
import { DEPLOYMENTS } from '../cluster/resources.ts';
import { type Check, type Finding, problem } from './check.ts';

/** Of the chart’s objects. */
export const OWN = `app.kubernetes.io/name=${PROGRAM}`;

/** The kubelet’s reasons for an image that it does not have. */
const NO_IMAGE = /ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|SignatureValidationFailed/;

export const OWN_PODS: Check = {
  name: 'own-pods',
  title: 'the chart’s own pods can be created, have their image and run',
  async find(world) {
    const where = { namespace: world.namespace, labelSelector: OWN };
    const [pods, deployments] = await Promise.all([
      world.list(POD_DETAILS, where),
      world.list(DEPLOYMENTS, where),
    ]);
    if (pods.length + deployments.length === 0)
      return { findings: [], skipped: `none of them is in namespace ${world.namespace}` };
    return {
      findings: [
        ...deployments.flatMap(refused),
        ...pods.filter((pod) => !isOver(pod) && !isReady(pod)).flatMap(broken),
      ],
    };
  },
};

/** No pod is made at all: by Pod Security, a quota, or a policy that wants images to be signed. */
function refused({ metadata, ...rest }: KubeObject): readonly Finding[] {
  const { conditions = [] } = (rest as { status?: { conditions?: readonly Condition[] } }).status ?? {};
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (failure === undefined) return [];
  return [
    problem(
      `Deployment ${metadata.namespace}/${metadata.name}`,
      `its pods are refused: ${failure.message || failure.reason}`,
      'What refuses them is named there: change that policy, or what it asks for; a release is signed as docs/releasing.md says.',
    ),
  ];
}

function broken(pod: PodDetails): readonly Finding[] {
  const about = `Pod ${pod.metadata.namespace}/${pod.metadata.name}`;
  const why = unreadyBecause(pod);
  if (NO_IMAGE.test(why)) {
    const action =
      'Compare image.repository, image.tag and image.digest with what the registry has, see whether the nodes reach it, and name its Secret in imagePullSecrets.';
    return [problem(about, `it has no image and does not start: ${why}`, action)];
  }
  if (!/CrashLoopBackOff|CreateContainer|ended with/.test(why)) return [];
  const { namespace, name } = pod.metadata;
  return [problem(about, `it does not run: ${why}`, `kubectl -n ${namespace} logs ${name} --previous`)];
}
