import { SIDECAR_CONTAINER, SIDECAR_ENV } from '../../contract/sidecar.ts';
import { cut } from '../../kubernetes/cut.ts';
import { type Condition, PODS, type Pod } from '../../kubernetes/resources.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from '../../webhook/inject/container.ts';
import { isForWindows } from '../../webhook/inject/windows.ts';
import { conditions, fields, IDENTITY, type Listed, list, scalar } from './kept.ts';

interface ContainerState {
  readonly name: string;
  readonly ready?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
  };
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly { readonly name: string }[];
}

/** A pod with the fields that the command line reads. */
export interface PodDetails extends Pod {
  readonly spec?: NonNullable<Pod['spec']> & {
    readonly serviceAccountName?: string;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly { readonly name: string }[];
  };
  readonly status?: NonNullable<Pod['status']> & {
    readonly conditions?: readonly Condition[];
    readonly initContainerStatuses?: readonly ContainerState[];
    readonly containerStatuses?: readonly ContainerState[];
  };
}

type Spec = NonNullable<PodDetails['spec']>;

/** Containers of a pod, and those of them that are not ready. */
const MOST_CONTAINERS = 32;
const MOST_UNREADY = 8;
/** A repository of 255 characters, a tag of 128 and a digest, as registries allow. */
const LONGEST_IMAGE = 512;

/** Of the variables the one that tells our sidecar from another container with its name. */
const container = fields<Container>({
  name: scalar,
  image: (image) => cut(image, LONGEST_IMAGE),
  env: (all) =>
    all
      .filter(({ name }) => name === SIDECAR_ENV.configMap)
      .slice(0, 1)
      .map(({ name }) => ({ name })),
});

function initContainers(all: readonly Container[]): readonly Container[] {
  const sidecars = all.filter(({ name }) => name === SIDECAR_CONTAINER);
  const others = all.filter(({ name }) => name !== SIDECAR_CONTAINER);
  return list(MOST_CONTAINERS, container)([...sidecars, ...others]);
}

const SIDECAR_VOLUMES: readonly string[] = [TOKEN_VOLUME, STATUS_VOLUME];

const keepSpec = fields<Spec>({
  nodeName: scalar,
  hostNetwork: scalar,
  serviceAccountName: scalar,
  containers: list(MOST_CONTAINERS, container),
  initContainers,
  volumes: (all) => all.filter(({ name }) => SIDECAR_VOLUMES.includes(name)).map(({ name }) => ({ name })),
});

/** `os` tells what else in a pod says that it is for Windows. */
function spec(whole: Spec): Spec {
  return { ...keepSpec(whole), ...(isForWindows(whole) && { os: { name: 'windows' } }) };
}

const keepState = fields<ContainerState>({
  name: scalar,
  ready: scalar,
  state: fields<NonNullable<ContainerState['state']>>({
    waiting: fields({ reason: scalar, message: scalar }),
    terminated: fields({ reason: scalar, exitCode: scalar }),
  }),
});

/** A container that has ended well and one that is ready say nothing of what a pod waits for. */
function states(all: readonly ContainerState[]): readonly ContainerState[] {
  return list(MOST_UNREADY, keepState)(all.filter(({ ready }) => ready !== true));
}

export const POD_DETAILS: Listed<PodDetails> = {
  ...PODS,
  keep: fields<PodDetails>({
    ...IDENTITY,
    spec,
    status: fields<NonNullable<PodDetails['status']>>({
      phase: scalar,
      reason: scalar,
      podIP: scalar,
      conditions: conditions('Ready', 'PodScheduled'),
      initContainerStatuses: states,
      containerStatuses: states,
    }),
  }),
};
