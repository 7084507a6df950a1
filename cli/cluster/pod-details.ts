import { SIDECAR_CONTAINER, SIDECAR_ENV } from '../../contract/sidecar.ts';
import { cut } from '../../kubernetes/cut.ts';
import { PODS, type Pod } from '../../kubernetes/resources.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from '../../webhook/inject/container.ts';
import { isForWindows } from '../../webhook/inject/windows.ts';
import { conditions, flag, list, listed, type Named, named, number, object, shape, text } from './kept.ts';

/** Containers of a pod, and those of them that are not ready. */
const MOST_CONTAINERS = 32;
const MOST_UNREADY = 8;
/** A repository of 255 characters, a tag of 128 and a digest, as registries allow. */
const LONGEST_IMAGE = 512;

/** Of the variables the one that tells our sidecar from another container with its name. */
const container = named({
  image: (image: string) => cut(image, LONGEST_IMAGE),
  env: (all: readonly Named[]) =>
    all
      .filter(({ name }) => name === SIDECAR_ENV.configMap)
      .slice(0, 1)
      .map(({ name }) => ({ name })),
});

function initContainers(all: readonly ReturnType<typeof container>[]) {
  const sidecars = all.filter(({ name }) => name === SIDECAR_CONTAINER);
  const others = all.filter(({ name }) => name !== SIDECAR_CONTAINER);
  return list(MOST_CONTAINERS, container)([...sidecars, ...others]);
}

const SIDECAR_VOLUMES: readonly string[] = [TOKEN_VOLUME, STATUS_VOLUME];

const keepSpec = shape({
  nodeName: text,
  hostNetwork: flag,
  serviceAccountName: text,
  containers: list(MOST_CONTAINERS, container),
  initContainers,
  volumes: (all: readonly Named[]) =>
    all.filter(({ name }) => SIDECAR_VOLUMES.includes(name)).map(({ name }) => ({ name })),
});

type Spec = NonNullable<Pod['spec']> & ReturnType<typeof keepSpec>;

/** `os` tells what else in a pod says that it is for Windows. */
function spec(whole: Spec): Spec {
  return { ...keepSpec(whole), ...(isForWindows(whole) && { os: { name: 'windows' } }) };
}

const keepState = named({
  ready: flag,
  state: shape({
    waiting: shape({ reason: text, message: text }),
    terminated: shape({ reason: text, exitCode: number }),
  }),
});

/** A container that has ended well and one that is ready say nothing of what a pod waits for. */
function states(all: readonly ReturnType<typeof keepState>[]) {
  return list(MOST_UNREADY, keepState)(all.filter(({ ready }) => ready !== true));
}

export const POD_DETAILS = listed(
  PODS,
  object({
    spec,
    status: shape({
      phase: text,
      reason: text,
      podIP: text,
      conditions: conditions('Ready', 'PodScheduled'),
      initContainerStatuses: states,
      containerStatuses: states,
    }),
  }),
);

/** A pod with the fields that the command line reads. */
export type PodDetails = ReturnType<typeof POD_DETAILS.keep>;
