/** Manifests of what runs beside the chart. */
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';

export const PORT = 8080;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** As applications have it. Without, a busy kernel lets them wait before all others, and they would note answers late. */
const CPU = '50m';

type Strings = Readonly<Record<string, string>>;

export interface PodTemplate {
  readonly program: 'app' | 'client';
  readonly labels: Strings;
  readonly annotations?: Strings;
  readonly env?: Strings;
  /** What it requests. */
  readonly cpu?: string;
  /** Has a readiness probe of its own. */
  readonly probed?: boolean;
  /** By these labels they are the same to each other, and stand in all zones alike. */
  readonly spreadOver: Strings;
  readonly whenUnsatisfiable?: 'DoNotSchedule' | 'ScheduleAnyway';
}

export interface PodSet extends Omit<PodTemplate, 'labels' | 'spreadOver' | 'cpu'> {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** Beside `app`. */
  readonly labels?: Strings;
}

export function namespace(name: string): object {
  // The sidecar has to do with the strictest standard.
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export async function programs(inNamespace: string): Promise<object> {
  const read = async (name: string) =>
    stripTypeScriptTypes(await readFile(new URL(`../pods/${name}.ts`, import.meta.url), 'utf8'));
  const data = { 'app.mjs': await read('app'), 'client.mjs': await read('client') };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'programs', namespace: inNamespace },
    data,
  };
}

/** Of the pods with this label `app`. */
export function service(inNamespace: string, name: string, labels: Strings = {}, app = name): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: inNamespace, labels },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: PORT }] },
  };
}

export function deployment(
  image: string,
  { namespace: where, name, replicas, labels, ...pod }: PodSet,
): object {
  const app = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: where },
    spec: {
      replicas,
      selector: { matchLabels: app },
      // Half of the pods stand by and are unready for good: a rollout has to go on all the same.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '75%', maxSurge: 1 } },
      template: podTemplate(image, { ...pod, cpu: CPU, labels: { ...app, ...labels }, spreadOver: app }),
    },
  };
}

export function podTemplate(image: string, template: PodTemplate): object {
  const { program, labels, annotations = {}, env = {}, cpu, probed, spreadOver } = template;
  const variables = Object.entries(env).map(([variable, value]) => ({ name: variable, value }));
  return {
    metadata: { labels, annotations },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 2,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: ZONE_LABEL,
          whenUnsatisfiable: template.whenUnsatisfiable ?? 'DoNotSchedule',
          labelSelector: { matchLabels: spreadOver },
          // Of the newest template alone: pods that are about to go must not keep new ones from their site.
          matchLabelKeys: ['pod-template-hash'],
        },
      ],
      containers: [
        {
          name: program,
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['/nodejs/bin/node', `/programs/${program}.mjs`],
          env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }, ...variables],
          ports: [{ containerPort: PORT }],
          ...(cpu !== undefined && { resources: { requests: { cpu } } }),
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          ...(probed && {
            readinessProbe: {
              httpGet: { path: '/ready', port: PORT },
              periodSeconds: 1,
              failureThreshold: 1,
            },
          }),
          volumeMounts: [{ name: 'programs', mountPath: '/programs' }],
        },
      ],
      volumes: [{ name: 'programs', configMap: { name: 'programs' } }],
    },
  };
}
