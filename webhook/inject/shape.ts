import * as z from 'zod';
import { Allowance, listOf, recordOf } from '../../runtime/first-problem.ts';
import type { Result } from '../../runtime/result.ts';

/** The fields of pods and workloads that injection reads. They may be null, as in manifests that programs wrote. */

/** More than an object in etcd has that somebody wrote; a body can have a million, in one list or in thousands. */
const ALLOWANCE = new Allowance(50_000);
const items = <T>(item: z.ZodType<T>) => listOf(item, ALLOWANCE);
export const entries = <T>(item: z.ZodType<T>) => recordOf(item, ALLOWANCE);

const strings = entries(z.string('must be a text; put quotes around it')).nullish();

export const metadata = z.looseObject({
  name: z.string().nullish(),
  generateName: z.string().nullish(),
  namespace: z.string().nullish(),
  uid: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
  labels: strings,
  annotations: strings,
  ownerReferences: items(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      name: z.string(),
      uid: z.string(),
      controller: z.boolean().nullish(),
    }),
  ).nullish(),
});

const quantities = entries(z.union([z.string(), z.number()])).nullish();
const resources = z.object({ requests: quantities, limits: quantities }).nullish();

/** A malformed one is left to the API server to refuse. */
const probe = z
  .object({ httpGet: z.object({ path: z.string().nullish() }).nullish() })
  .nullish()
  .catch(undefined);

/** Items of which only the name is read. Such lists are the longest in most pods, so there is no schema for each item. */
const named = z
  .unknown()
  .transform((value) => (Array.isArray(value) ? value.filter(isNamed) : undefined))
  .optional();

function isNamed(value: unknown): value is { readonly name: string } {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}

const container = z.object({
  name: z.string().nullish(),
  // Only to distinguish our sidecar from another container with its name.
  env: named,
  volumeMounts: named,
  ports: items(
    z.object({
      containerPort: z.number().nullish(),
      hostPort: z.number().nullish(),
      protocol: z.string().nullish(),
    }),
  ).nullish(),
  resources,
  restartPolicy: z.string().nullish().catch(undefined),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
});

const requirements = items(
  z.object({ key: z.string(), operator: z.string(), values: items(z.string()).nullish() }),
).nullish();

const selector = z
  .object({
    matchLabels: entries(z.string()).nullish(),
    matchExpressions: requirements,
  })
  .nullish();

/** A malformed one is left to the API server to refuse. */
const affinity = z
  .object({
    nodeAffinity: z
      .object({
        requiredDuringSchedulingIgnoredDuringExecution: z
          .object({
            nodeSelectorTerms: items(z.object({ matchExpressions: requirements, matchFields: requirements })),
          })
          .nullish(),
      })
      .nullish(),
    podAntiAffinity: z
      .object({
        requiredDuringSchedulingIgnoredDuringExecution: items(
          z.object({
            labelSelector: selector,
            matchLabelKeys: items(z.string()).nullish(),
            namespaces: items(z.string()).nullish(),
            namespaceSelector: selector,
          }),
        ).nullish(),
      })
      .nullish()
      .catch(undefined),
  })
  .nullish()
  .catch(undefined);

const pod = z.object({
  metadata: metadata.nullish(),
  spec: z.object({
    containers: items(container).nullish(),
    initContainers: items(container).nullish(),
    volumes: items(z.object({ name: z.string().nullish() })).nullish(),
    readinessGates: items(z.object({ conditionType: z.string() })).nullish(),
    hostNetwork: z.boolean().nullish(),
    nodeSelector: strings,
    affinity,
    os: z.object({ name: z.string().nullish() }).nullish(),
    resources,
  }),
});

const amount = z.union([z.number(), z.string()]).nullish();
/** A malformed one is left to the API server to refuse. */
const strategy = z
  .object({
    type: z.string().nullish(),
    rollingUpdate: z
      .object({ maxUnavailable: amount, maxSurge: amount, partition: z.number().nullish() })
      .nullish(),
  })
  .nullish()
  .catch(undefined);

const workload = z.object({
  metadata: metadata.nullish(),
  spec: z.object({
    replicas: z.number().nullish(),
    podManagementPolicy: z.string().nullish(),
    strategy,
    updateStrategy: strategy,
    selector: z.object({ matchLabels: strings }).nullish(),
    template: pod,
  }),
});

export type Metadata = z.infer<typeof metadata>;
export type Container = z.infer<typeof container>;
/** A pod, or the pod template of a workload. */
export type Pod = z.infer<typeof pod>;
/** A Deployment, StatefulSet or DaemonSet. */
export type Workload = z.infer<typeof workload>;

/** The same for reading alone, as of an object of the API server. */
export type ReadonlyDeep<T> = T extends readonly (infer Item)[]
  ? readonly ReadonlyDeep<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> }
    : T;

/** Those that start first, then the others. */
export const containersOf = ({ spec }: Pod): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
];

export const readPod = (value: unknown): Result<Pod> => read(pod, value);
export const readWorkload = (value: unknown): Result<Workload> => read(workload, value);
export const readMetadata = (value: unknown): Result<{ metadata?: Metadata | null | undefined }> =>
  read(z.object({ metadata: metadata.nullish() }), value);

export function read<T>(schema: z.ZodType<T>, value: unknown): Result<T> {
  ALLOWANCE.renew();
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  const path = issue?.path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('');
  return {
    ok: false,
    problem: `${path?.replace(/^\./, '') || 'the object'}: ${issue?.message ?? 'is malformed'}`,
  };
}
