import * as z from 'zod';
import { metadata, read } from '../../webhook/inject/shape.ts';
import type { Scaled } from '../../webhook/inject/stalls.ts';
import type { Documents } from './documents.ts';
import { findOthers } from './objects.ts';

/** A malformed one is left to the API server to refuse. */
const autoscaler = z.object({
  apiVersion: z.string().startsWith('autoscaling/'),
  metadata: metadata.nullish(),
  spec: z.object({
    minReplicas: z.number().nullish(),
    maxReplicas: z.number(),
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
  }),
});

/** KEDA creates a HorizontalPodAutoscaler for it, and itself scales to zero and back. */
const scaledObject = z.object({
  apiVersion: z.string().startsWith('keda.sh/'),
  metadata: metadata.nullish(),
  spec: z.object({
    minReplicaCount: z.number().nullish(),
    maxReplicaCount: z.number().nullish(),
    scaleTargetRef: z.object({ kind: z.string().nullish(), name: z.string() }),
  }),
});
/** The default (keda/apis/keda/v1alpha1, GetHPAMaxReplicas). */
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
  /** Empty where the file does not have it. */
  readonly namespace: string;
}

/** Looks up whether an autoscaler in the same file scales a workload. */
export function findAutoscalers(documents: Documents): (target: Target) => Scaled | undefined {
  const all = findOthers(documents).flatMap(({ document, path, kind }) => {
    const object = documents.at(document, path);
    if (kind === 'HorizontalPodAutoscaler') return horizontal(object);
    return kind === 'ScaledObject' ? keda(object) : [];
  });
  return ({ kind, name, namespace }) =>
    all.find((own) => {
      const places = new Set([own.namespace, namespace]);
      // Without one it is the namespace that the file is applied to, which may be that of any other object.
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
  // Without pods there is no update either.
  const scaled = { least: Math.max(1, spec.minReplicaCount ?? 0), most: spec.maxReplicaCount ?? KEDA_MOST };
  return [{ kind: kind ?? 'Deployment', name, namespace: own?.namespace ?? '', scaled }];
}
