/** Reviews as the API server asks for them, and what is answered. */
import assert from 'node:assert/strict';
import { type Admission, admit } from '../admission.ts';
import { loadInjectorConfig } from '../injector-config.ts';

const loaded = loadInjectorConfig({});
assert.ok(loaded.ok);
export const { value: config } = loaded;

export const POD = { group: '', version: 'v1', kind: 'Pod' };
export const DEPLOYMENT = { group: 'apps', version: 'v1', kind: 'Deployment' };
export const ASKS = { 'site-follower/inject': 'true' };

export const pod = (changes: { metadata?: object; spec?: object } = {}) => ({
  metadata: { generateName: 'web-', labels: ASKS, ...changes.metadata },
  spec: { containers: [{ name: 'web' }], ...changes.spec },
});
export const deployment = (changes: { metadata?: object; template?: object } = {}) => ({
  metadata: { name: 'web', uid: 'u-1', labels: ASKS, ...changes.metadata },
  spec: { template: { ...pod({ metadata: { labels: {} } }), ...changes.template } },
});

export const review = (request: object) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: '42', operation: 'CREATE', namespace: 'shop', ...request },
});

export function answered(request: object): Extract<Admission, { kind: 'answered' }> {
  const admission = admit(review(request), config);
  assert.equal(admission.kind, 'answered');
  return admission as Extract<Admission, { kind: 'answered' }>;
}
