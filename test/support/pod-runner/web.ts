/** The usual application: a Deployment with pods on all nodes, and its Service. */
import type { KubeApi, KubeObject } from '../../../kubernetes/api.ts';
import { namespaced } from '../../../kubernetes/resources.ts';

export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly strategy?: object;
    readonly selector: object;
    readonly template: { readonly metadata: Partial<KubeObject['metadata']>; readonly spec: object };
  };
}

export const DEPLOYMENTS = namespaced<Deployment>('apps/v1', 'deployments', 'Deployment');

interface Service extends KubeObject {
  readonly spec: { readonly selector: object; readonly ports: readonly object[] };
}

const SERVICES = namespaced<Service>('v1', 'services', 'Service');

export interface WebOptions {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** Of the Deployment itself, not of its pods. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the Service. */
  readonly serviceLabels?: Readonly<Record<string, string>>;
  /** Of its pods. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export async function createWeb(
  api: KubeApi,
  { namespace, name, replicas, labels = {}, serviceLabels = {}, annotations = {} }: WebOptions,
): Promise<void> {
  const app = { app: name };
  await api.create(SERVICES, {
    metadata: { namespace, name, labels: serviceLabels },
    spec: { selector: app, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await api.create(DEPLOYMENTS, {
    metadata: { namespace, name, labels },
    spec: {
      replicas,
      // Half of the pods stand by and are unready for good: a rollout has to go on all the same.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%', maxSurge: '50%' } },
      selector: { matchLabels: app },
      template: {
        metadata: { labels: app, annotations },
        spec: { containers: [{ name, image: `example/${name}:1` }] },
      },
    },
  });
}
