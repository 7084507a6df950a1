/** What mesh injectors and the kubelet see of a pod. */

interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: number | string };
}

export interface MeshContainer {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

export interface MeshPod {
  readonly metadata: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly initContainers?: readonly MeshContainer[];
    readonly containers: readonly MeshContainer[];
  };
}

/** Istio's agent answers at this port for all containers. */
const ANSWERED_BY: Readonly<Record<string, string>> = { 15020: 'istio-proxy' };

/**
 * Starts the init containers as the kubelet does, each after the one before has started. Gives the name of the one
 * that waits for ever: its startup probe is answered by a container that starts after it.
 */
export function stuckAt({ spec }: MeshPod): string | undefined {
  const running = new Set<string>();
  for (const { name, restartPolicy, startupProbe } of spec.initContainers ?? []) {
    if (restartPolicy !== 'Always') continue; // Runs to its end.
    running.add(name);
    const answers = ANSWERED_BY[String(startupProbe?.httpGet?.port)] ?? name;
    if (startupProbe !== undefined && !running.has(answers)) return name;
  }
  return undefined;
}
