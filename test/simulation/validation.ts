import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { isObject } from './json.ts';

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** MicroTime of the API: exactly six digits. Source: apimachinery, RFC3339Micro. */
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

/** What a real API server would refuse with 422 (or 400), of the kinds that are written here. */
export function invalidField(resource: Resource, object: KubeObject): string | undefined {
  if (!NAME.test(object.metadata.name)) return `metadata.name: "${object.metadata.name}"`;
  const fields = object as unknown as Record<string, unknown>;
  const { labels = {}, annotations = {} } = object.metadata;
  const texts = [...Object.values(labels), ...Object.values(annotations)];
  if (texts.some((value) => typeof value !== 'string')) return 'metadata: labels and annotations are texts';
  if (resource.plural === 'configmaps') return invalidData(fields.data);
  if (resource.plural === 'leases') return invalidLease(fields.spec);
  if (resource.plural === 'events') return invalidTime('eventTime', fields.eventTime);
  return undefined;
}

function invalidData(data: unknown): string | undefined {
  if (data === undefined) return undefined;
  if (!isObject(data)) return 'data: not a map';
  for (const [key, value] of Object.entries(data)) {
    if (!/^[-._a-zA-Z0-9]+$/.test(key)) return `data: key "${key}"`;
    if (typeof value !== 'string') return `data.${key}: not a text`;
  }
  return undefined;
}

function invalidLease(spec: unknown): string | undefined {
  if (!isObject(spec)) return 'spec: not a map';
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec;
  if (seconds !== undefined && !(Number.isInteger(seconds) && Number(seconds) > 0)) {
    return 'spec.leaseDurationSeconds: must be a whole number above 0';
  }
  if (transitions !== undefined && !(Number.isInteger(transitions) && Number(transitions) >= 0)) {
    return 'spec.leaseTransitions: must be a whole number, 0 or more';
  }
  return invalidTime('spec.renewTime', spec.renewTime) ?? invalidTime('spec.acquireTime', spec.acquireTime);
}

function invalidTime(field: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && MICRO_TIME.test(value))) return undefined;
  return `${field}: not a time with microseconds`;
}
