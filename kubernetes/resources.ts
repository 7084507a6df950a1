import type { KubeObject, Resource } from './api.ts';

export interface ConfigMap extends KubeObject {
  readonly immutable?: boolean;
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** Values are base64. */
export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface WebhookClientConfig {
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
  readonly url?: string;
  /** Base64 of PEM certificates. */
  readonly caBundle?: string;
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** admissionregistration.k8s.io/v1. */
export interface MutatingWebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig: WebhookClientConfig;
    readonly rules?: readonly {
      readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
      readonly apiGroups: readonly string[];
      readonly apiVersions: readonly string[];
      readonly resources: readonly string[];
      readonly scope?: 'Namespaced' | 'Cluster' | '*';
    }[];
    readonly namespaceSelector?: { readonly matchExpressions: readonly LabelRequirement[] };
    readonly objectSelector?: { readonly matchExpressions?: readonly LabelRequirement[] };
    /** CEL; all have to be true. Since Kubernetes 1.28. */
    readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
    readonly admissionReviewVersions: readonly string[];
    readonly sideEffects: 'None';
    readonly failurePolicy?: 'Fail' | 'Ignore';
    readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
    readonly matchPolicy?: 'Exact' | 'Equivalent';
    readonly timeoutSeconds?: number;
  }[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface Pod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly readinessGates?: readonly { readonly conditionType: string }[];
    readonly containers?: readonly { readonly name: string; readonly image?: string }[];
    readonly initContainers?: readonly { readonly name: string }[];
    readonly hostNetwork?: boolean;
    readonly os?: { readonly name: string };
    readonly nodeSelector?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly phase?: string;
    /** Why it is in that phase, such as `Evicted`. */
    readonly reason?: string;
    readonly podIP?: string;
    readonly conditions?: readonly Condition[];
  };
}

export interface Service extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    /** All of them must be labels of a pod; absent: the endpoints are kept by somebody else. */
    readonly selector?: Readonly<Record<string, string>> | null;
  };
}

export interface Node extends KubeObject {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly effect: string; readonly value?: string }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface Lease extends KubeObject {
  readonly spec?: {
    /** Empty or absent: released. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** events.k8s.io/v1. */
export interface KubeEvent extends KubeObject {
  readonly eventTime: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid?: string;
  };
}

/** `apiVersion`: as in a manifest. */
export function namespaced<T extends KubeObject>(
  apiVersion: string,
  plural: string,
  kind: string,
): Resource<T> {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, plural, kind, namespaced: true };
}

export function clusterWide<T extends KubeObject>(
  apiVersion: string,
  plural: string,
  kind: string,
): Resource<T> {
  return { ...namespaced<T>(apiVersion, plural, kind), namespaced: false };
}

export const CONFIG_MAPS = namespaced<ConfigMap>('v1', 'configmaps', 'ConfigMap');
export const SECRETS = namespaced<Secret>('v1', 'secrets', 'Secret');
export const PODS = namespaced<Pod>('v1', 'pods', 'Pod');
export const SERVICES = namespaced<Service>('v1', 'services', 'Service');
export const NODES = clusterWide<Node>('v1', 'nodes', 'Node');
export const NAMESPACES = clusterWide<KubeObject>('v1', 'namespaces', 'Namespace');
export const LEASES = namespaced<Lease>('coordination.k8s.io/v1', 'leases', 'Lease');
export const EVENTS = namespaced<KubeEvent>('events.k8s.io/v1', 'events', 'Event');
export const MUTATING_WEBHOOK_CONFIGURATIONS = clusterWide<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
);
