/** What is read of a pod as the API server has it: with all defaults filled in. */
import type { KubeObject, Resource } from '../../../kubernetes/api.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';

export interface ProbeManifest {
  readonly httpGet: { readonly path: string; readonly port: number };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export interface ContainerManifest {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly restartPolicy?: string;
  readonly startupProbe?: ProbeManifest;
  readonly livenessProbe?: ProbeManifest;
  readonly readinessProbe?: ProbeManifest;
}

export interface ConfigMapSource {
  readonly name: string;
  readonly optional?: boolean;
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

export interface VolumeSource {
  readonly configMap?: ConfigMapSource;
  readonly serviceAccountToken?: TokenSource;
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
  };
}

export interface TokenSource {
  readonly path: string;
  readonly expirationSeconds: number;
}

export interface VolumeManifest {
  readonly name: string;
  readonly configMap?: ConfigMapSource;
  readonly projected?: { readonly sources: readonly VolumeSource[] };
}

export interface PodManifest extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly initContainers?: readonly ContainerManifest[];
    readonly containers: readonly ContainerManifest[];
    readonly volumes?: readonly VolumeManifest[];
    readonly readinessGates?: readonly { readonly conditionType: string }[];
  };
  readonly status?: Pod['status'];
}

/** Whether the conditions that its readiness gates name are there and true. */
export function passesGates({ spec, status }: PodManifest): boolean {
  const isTrue = (wanted: string) =>
    status?.conditions?.some(({ type, status: value }) => type === wanted && value === 'True') === true;
  return (spec.readinessGates ?? []).every(({ conditionType }) => isTrue(conditionType));
}

/** The same pods, of which more is read. */
export const POD_MANIFESTS = PODS as Resource<PodManifest>;

/** Those that start before the application and run beside it. */
export function nativeSidecars({ spec }: PodManifest): readonly ContainerManifest[] {
  return (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
}

/** What a fieldRef to `path` gives. `ip` is the pod's. */
export function fieldOf({ metadata, spec }: PodManifest, ip: string, path: string): string {
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'spec.nodeName': spec.nodeName,
    'status.podIP': ip,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`The runner does not know the field ${path} of a pod`);
  return value;
}
