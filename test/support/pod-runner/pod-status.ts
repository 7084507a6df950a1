import { nativeSidecars, type PodManifest, passesGates } from './manifest.ts';
import type { ContainerState } from './sidecar-run.ts';

export interface PodState {
  readonly ip: string;
  /** RFC 3339. */
  readonly startTime: string;
  /** Of the native sidecars, in their order. */
  readonly sidecars: readonly ContainerState[];
  /** The application's containers run. */
  readonly appRuns: boolean;
}

/** The status that a kubelet would write. `since` tells when a condition got its value. Pure. */
export function podStatusOf(
  pod: PodManifest,
  { ip, startTime, sidecars, appRuns }: PodState,
  since: (condition: string, value: boolean) => string,
): object {
  const app: ContainerState = { running: appRuns, started: appRuns, ready: appRuns, restartCount: 0 };
  const ready = appRuns && sidecars.every((sidecar) => sidecar.ready);
  const conditions = {
    PodScheduled: true,
    PodReadyToStartContainers: true,
    Initialized: sidecars.every(({ started }) => started),
    ContainersReady: ready,
    Ready: ready && passesGates(pod),
  };
  const statusOf = (
    { name, image }: { readonly name: string; readonly image: string },
    state: ContainerState,
  ) => {
    const { running, ...rest } = state;
    const shown = running
      ? { running: { startedAt: startTime } }
      : { waiting: { reason: 'PodInitializing' } };
    return { name, image, imageID: '', ...rest, state: shown };
  };
  return {
    phase: appRuns ? 'Running' : 'Pending',
    podIP: ip,
    // Merged by address otherwise, where another runner has had the pod before.
    podIPs: [{ $patch: 'replace' }, { ip }],
    startTime,
    conditions: Object.entries(conditions).map(([type, value]) => ({
      type,
      status: value ? 'True' : 'False',
      lastTransitionTime: since(type, value),
    })),
    initContainerStatuses: nativeSidecars(pod).flatMap((container, index) => {
      const state = sidecars[index];
      return state === undefined ? [] : [statusOf(container, state)];
    }),
    containerStatuses: pod.spec.containers.map((container) => statusOf(container, app)),
  };
}
