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

export interface Target {
  readonly kind: string;
  readonly name: string;
  /** Empty where the file does not say it. */
  readonly namespace: string;
}

/** Tells of a workload whether a HorizontalPodAutoscaler in the same file decides how many pods it has. */
export function findAutoscalers(documents: Documents): (target: Target) => Scaled | undefined {
  const all = findOthers(documents)
    .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .flatMap(({ document, path }) => {
      const found = read(autoscaler, documents.at(document, path));
      return found.ok ? [found.value] : [];
    });
  return ({ kind, name, namespace }) => {
    const own = all.find(({ metadata: own, spec: { scaleTargetRef } }) => {
      const places = new Set([own?.namespace ?? '', namespace]);
      // Unsaid it is the namespace that the file is applied to, which may be the one that another object says.
      return (
        scaleTargetRef.kind === kind && scaleTargetRef.name === name && (places.size === 1 || places.has(''))
      );
    });
    return own && { least: own.spec.minReplicas ?? 1, most: own.spec.maxReplicas };
  };
}
