import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagedFields } from '../../../kubernetes/api.ts';
import { releasedOwnership } from './ownership.ts';

const spec = (...fields: string[]) => ({ 'f:spec': Object.fromEntries(fields.map((name) => [name, {}])) });

const OURS: ManagedFields = {
  manager: 'kube-site-follower',
  operation: 'Update',
  fieldsV1: { 'f:metadata': { 'f:annotations': {} }, ...spec('f:selector') },
};
const helm = (time: string, manager = 'helm'): ManagedFields => ({
  manager,
  operation: 'Apply',
  time,
  fieldsV1: spec('f:ports'),
});
const STATUS: ManagedFields = { ...helm('2030-01-01T00:00:00Z', 'status'), subresource: 'status' };

test('the selector goes back to the last one that has applied the Service', () => {
  const old = helm('2026-01-01T00:00:00Z', 'old');
  const result = releasedOwnership([OURS, old, STATUS, helm('2026-02-01T00:00:00Z')]);
  assert.deepEqual(result, [
    { ...OURS, fieldsV1: { 'f:metadata': { 'f:annotations': {} } } },
    old,
    STATUS,
    { ...helm('2026-02-01T00:00:00Z'), fieldsV1: spec('f:ports', 'f:selector') },
  ]);
  assert.equal(releasedOwnership(result ?? []), undefined, 'once is enough');
});

test('it does not go to one who applies some other field alone, unless nobody applies more', () => {
  const whole = helm('2026-01-01T00:00:00Z');
  const part = { ...helm('2026-02-01T00:00:00Z', 'part'), fieldsV1: spec('f:externalTrafficPolicy') };
  const receivers = (result: readonly ManagedFields[] | undefined) =>
    result
      ?.filter(({ fieldsV1 }) => 'f:selector' in (fieldsV1?.['f:spec'] ?? {}))
      .map(({ manager }) => manager);
  assert.deepEqual(receivers(releasedOwnership([OURS, whole, part])), ['helm']);
  assert.deepEqual(receivers(releasedOwnership([OURS, part])), ['part']);
});

test('nothing is given back where we have nothing, or nobody applies', () => {
  assert.equal(releasedOwnership([]), undefined);
  assert.equal(releasedOwnership([helm('')]), undefined);
  assert.equal(releasedOwnership([OURS, STATUS]), undefined);
  assert.equal(releasedOwnership([OURS, { ...helm(''), operation: 'Update' }]), undefined);
});
