import assert from 'node:assert/strict';
import type { KubeApi } from '../../../kubernetes/api.ts';
import { PodStream } from '../../support/pod-stream.ts';

/** Of the API server for one admission, which the configuration of the webhook sets. */
const ADMISSION_LIMIT_MS = 5_000;

export interface PodsReport {
  readonly pods: number;
  readonly slowestPodMs: number;
}

/** Somebody else's pods are created all the while: none is refused, and none waits for long. */
export async function podsBeside<R>(
  api: KubeApi,
  namespace: string,
  attacking: Promise<R>,
): Promise<readonly [R, PodsReport]> {
  const pods = new PodStream(api, namespace, Number.POSITIVE_INFINITY);
  await Promise.allSettled([attacking]);
  await pods.stop();
  const report = await attacking;
  assert.deepEqual(pods.failures, [], 'pods were refused');
  assert.ok(pods.created > 0, 'no pod was created');
  assert.ok(pods.slowestMs < ADMISSION_LIMIT_MS, `a pod took ${Math.round(pods.slowestMs)} ms`);
  return [report, { pods: pods.created, slowestPodMs: Math.round(pods.slowestMs) }];
}
