import { isForbidden, KubeError } from '../../kubernetes/errors.ts';
import { isReady } from '../../kubernetes/ready.ts';
import { explain } from '../../runtime/explain.ts';
import { type Check, type Result, skip, titleOf, warning } from '../checks/check.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import type { Before } from './before.ts';

/** The default of the chart. */
const DEFAULT_PORT = 8443;
/** Pods on different nodes, as a NetworkPolicy may isolate one of them. */
const MOST_TRIED = 3;
const LIMIT_MS = 4_000;

/**
 * The API server proxies a request to a port of any pod on the same way as its calls of a webhook. Nothing has to listen
 * there: a refused connection has arrived, one that a firewall drops has not.
 */
export const WEBHOOK_PORT: Check<Before> = {
  name: 'webhook-port',
  title: 'the API server reaches pods at the port of the webhook',
  async find(world): Promise<Result> {
    const { planned, read } = world;
    if (planned !== undefined && planned.webhook === undefined) return skip('there will be no webhook');
    if (planned?.webhook?.onNodes)
      return skip('it will be in the network of the nodes, which no pod of today tells of');
    const port = planned?.webhook?.port ?? DEFAULT_PORT;
    const pods = onDifferentNodes((await world.list(POD_DETAILS)).filter(isReachable));
    if (pods.length === 0) return skip('no pod runs yet that could be asked');
    const tried = await Promise.all(pods.map((pod) => attempt(pod)));
    const failed = tried.flatMap((error) => (error === undefined ? [] : [error]));
    if (failed.length < tried.length) return { findings: [], note: `port ${port}` };
    const text = `none of ${pods.map((pod) => titleOf('Pod', pod)).join(', ')} is reached at port ${port}: a firewall, or NetworkPolicies of these pods (${failed[0]})`;
    const action = `Let the control plane reach the nodes at port ${port}, or set webhook.port to one that is open, such as 10250 with webhook.hostNetwork, or webhook.mode=policy from Kubernetes 1.36 on.`;
    return { findings: [warning(`Port ${port}`, text, action)] };

    /** Why it is not reached. */
    async function attempt({ metadata: { namespace, name } }: PodDetails): Promise<string | undefined> {
      try {
        await read(`/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/`, {
          timeoutMs: LIMIT_MS,
        });
        return undefined;
      } catch (error) {
        if (!(error instanceof KubeError) || isForbidden(error)) throw error;
        return isDropped(error) ? explain(error) : undefined;
      }
    }
  },
};

/** Source: k8s.io/apimachinery/pkg/util/proxy: the pod’s answer is returned, and a failed dial is a 503 with its text. */
function isDropped({ status, message }: KubeError): boolean {
  return (
    status === 0 || /i\/o timeout|no route to host|network is unreachable|deadline exceeded/.test(message)
  );
}

function isReachable(pod: PodDetails): boolean {
  return isReady(pod) && pod.spec?.hostNetwork !== true && (pod.status?.podIP ?? '') !== '';
}

function onDifferentNodes(pods: readonly PodDetails[]): readonly PodDetails[] {
  const byNode = new Map(pods.map((pod) => [pod.spec?.nodeName, pod]));
  return [...byNode.values()].slice(0, MOST_TRIED);
}
