/** Why no status was published: nothing is installed, or what is installed has not got so far. */
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreForbidden } from '../../kubernetes/errors.ts';
import { isReady } from '../../kubernetes/ready.ts';
import { command } from '../text/command.ts';
import { counted } from '../text/counted.ts';
import { someOf } from '../text/some.ts';
import { COMPONENT, OF_CHART } from './chart.ts';
import { installedIn } from './installations.ts';
import { listKept } from './kept.ts';
import { POD_DETAILS, type PodDetails } from './pod-details.ts';
import { isOver, unreadyBecause } from './pods.ts';
import { DEPLOYMENTS, refusalOf, type Workload } from './workloads.ts';

const CONTROLLER = `${OF_CHART},${COMPONENT}=controller`;

/**
 * The Deployments of controllers; undefined where they may not be listed. Anybody who may create Deployments can label some as the
 * chart's, so those come first whose namespace is known to have the chart.
 */
export async function controllersIn(
  api: KubeApi,
  namespace: string | undefined,
): Promise<readonly Workload[] | undefined> {
  const where = namespace === undefined ? {} : { namespace };
  const labelled = await listKept(api, DEPLOYMENTS, { ...where, labelSelector: CONTROLLER }).catch(
    ignoreForbidden,
  );
  if (labelled === undefined || labelled.length < 2) return labelled;
  const installed = await installedIn(api);
  const isInstalled = ({ metadata }: Workload) => installed?.has(metadata.namespace ?? '') === true;
  return [...labelled.filter(isInstalled), ...labelled.filter((one) => !isInstalled(one))];
}

/** What a user reads where no status was found; `asked` is the namespace that was named. */
export async function whyUnpublished(api: KubeApi, asked: string | undefined): Promise<string> {
  const place = asked === undefined ? 'in any namespace' : `in namespace ${asked}`;
  const controllers = await controllersIn(api, asked);
  if (controllers === undefined)
    return `No status ConfigMap was found ${place}, and you may not list the Deployments that tell whether the controller is installed there: ask for that permission, or say with -n where it is.`;
  const [first] = controllers;
  if (first !== undefined) {
    const where = { namespace: first.metadata.namespace ?? '', labelSelector: CONTROLLER };
    return waitingFor(first, await listKept(api, POD_DETAILS, where).catch(ignoreForbidden));
  }
  const elsewhere = asked === undefined ? [] : ((await controllersIn(api, undefined)) ?? []);
  const places = [...new Set(elsewhere.map(({ metadata }) => metadata.namespace ?? ''))].sort();
  if (places.length > 0)
    return `The controller is not installed ${place}: it is in ${someOf(places)}. Say that with -n.`;
  return `The controller is not installed ${place}: there is neither its status ConfigMap nor its Deployment. See what the cluster lacks for an installation: kubectl site-follower check --pre`;
}

/** It is installed: what is in the way, and what to do until the status is there. */
function waitingFor(deployment: Workload, pods: readonly PodDetails[] | undefined): string {
  const { namespace = '', name } = deployment.metadata;
  const said = `The controller is installed in namespace ${namespace}, but has published no status yet`;
  const next = (text: string | undefined) => (text === undefined ? '' : ` ${text}`);
  const check = next(command`See what to do about it: kubectl site-follower check -n ${namespace}`);
  const { replicas = 1 } = deployment.spec ?? {};
  if (replicas === 0)
    return `${said}: it is scaled to 0.${next(command`Start it: kubectl -n ${namespace} scale deployment ${name} --replicas=2`)}`;
  const refusal = refusalOf(deployment);
  if (refusal !== undefined) return `${said}, as its pods are refused: ${refusal}.${check}`;
  const running = pods?.filter((pod) => !isOver(pod));
  const [waiting] = running?.filter((pod) => !isReady(pod)) ?? [];
  const ready = running?.filter(isReady).length ?? deployment.status?.readyReplicas ?? 0;
  if (ready > 0) {
    const logs = command`See what it waits for: kubectl -n ${namespace} logs deployment/${name}`;
    return deployment.spec?.template?.spec?.containers?.[0]?.env?.some(isDryRun)
      ? `${said}, and will not: controller.dryRun is set.${next(logs)}`
      : `${said}, though ${counted(ready, 'pod')} of it ${ready === 1 ? 'is' : 'are'} ready. It does so within seconds of its start.${next(logs)}`;
  }
  if (waiting === undefined)
    return `${said}, as it has no pod yet.${next(command`See why: kubectl -n ${namespace} describe deployment ${name}`)}`;
  const why = unreadyBecause(waiting);
  const rollout = command`Wait for it: kubectl -n ${namespace} rollout status deployment ${name}`;
  return `${said}: pod ${waiting.metadata.name} is not ready, ${why}.${STARTING.test(why) ? next(rollout) : check}`;
}

/** What passes by itself. */
const STARTING =
  /^(it has no node$|not ready: |its kubelet has not said)|: (ContainerCreating|PodInitializing)/;

function isDryRun({ name, value }: { readonly name: string; readonly value?: string }): boolean {
  return name === 'DRY_RUN' && value === 'true';
}
