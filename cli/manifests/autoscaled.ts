import * as z from 'zod';
import { metadata, read } from '../../webhook/inject/shape.ts';
import type { Scaled } from '../../webhook/inject/stalls.ts';
import type { Documents } from './documents.ts';
import { findOthers } from './objects.ts';

/** What is malformed is for the API server to refuse. */
const autoscaler = z.object({
  apiVersion: z.string().startsWith('autoscaling/'),
  metadata: metadata.nullish(),
  spec: z.object({
    minReplicas: z.number().nullish(),
    maxReplicas: z.number(),
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
  }),
});

/** KEDA makes a HorizontalPodAutoscaler of it, and takes the pods away by itself where nothing is to be done. */
const scaledObject = z.object({
  apiVersion: z.string().startsWith('keda.sh/'),
  metadata: metadata.nullish(),
  spec: z.object({
    minReplicaCount: z.number().nullish(),
    maxReplicaCount: z.number().nullish(),
    scaleTargetRef: z.object({ kind: z.string().nullish(), name: z.string() }),
  }),
});
/** Its default (keda/apis/keda/v1alpha1, GetHPAMaxReplicas). */
const KEDA_MOST = 100;

interface Autoscaler {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly scaled: Scaled;
}

export interface Target {
  readonly kind: string;
  readonly name: string;
  /** Empty where the file does not say it. */
  readonly namespace: string;
}

/** Tells of a workload whether an autoscaler in the same file decides how many pods it has. */
export function findAutoscalers(documents: Documents): (target: Target) => Scaled | undefined {
  const all = findOthers(documents).flatMap(({ document, path, kind }) => {
    const object = documents.at(document, path);
    if (kind === 'HorizontalPodAutoscaler') return horizontal(object);
    return kind === 'ScaledObject' ? keda(object) : [];
  });
  return ({ kind, name, namespace }) =>
    all.find((own) => {
      const places = new Set([own.namespace, namespace]);
      // Unsaid it is the namespace that the file is applied to, which may be the one that another object says.
      return own.kind === kind && own.name === name && (places.size === 1 || places.has(''));
    })?.scaled;
}

function horizontal(object: unknown): readonly Autoscaler[] {
  const found = read(autoscaler, object);
  if (!found.ok) return [];
  const { metadata: own, spec } = found.value;
  const scaled = { least: spec.minReplicas ?? 1, most: spec.maxReplicas };
  return [{ ...spec.scaleTargetRef, namespace: own?.namespace ?? '', scaled }];
}

function keda(object: unknown): readonly Autoscaler[] {
  const found = read(scaledObject, object);
  if (!found.ok) return [];
  const { metadata: own, spec } = found.value;
  const { kind, name } = spec.scaleTargetRef;
  // With none there is no update either.
  const scaled = { least: Math.max(1, spec.minReplicaCount ?? 0), most: spec.maxReplicaCount ?? KEDA_MOST };
  return [{ kind: kind ?? 'Deployment', name, namespace: own?.namespace ?? '', scaled }];
}
