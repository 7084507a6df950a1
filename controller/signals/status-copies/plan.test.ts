import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ConfigMap } from '../../../kubernetes/resources.ts';
import { type DesiredCopy, planCopy } from './plan.ts';

const PLACE = { name: 'status', namespace: 'app' };
const LABELS = { role: 'copy' };
const DATA = { 'active-site': 'us', epoch: '7' };

function wish(changes: Partial<DesiredCopy> = {}): DesiredCopy {
  return { ...PLACE, labels: LABELS, data: DATA, wanted: true, found: undefined, ...changes };
}

function copy(data: Readonly<Record<string, string>> | undefined, resourceVersion = '1'): ConfigMap {
  return { metadata: { ...PLACE, labels: LABELS, uid: 'u', resourceVersion }, ...(data && { data }) };
}

/** What is there after a step, as a server would keep it. */
function after(found: ConfigMap | undefined, step: ReturnType<typeof planCopy>): ConfigMap | undefined {
  return step === undefined ? found : step.action === 'delete' ? undefined : step.object;
}

describe('the plan of a copy', () => {
  test('creates what is missing, with our labels', () => {
    assert.deepEqual(planCopy(wish()), {
      action: 'create',
      object: { metadata: { ...PLACE, labels: LABELS }, data: DATA },
    });
  });

  test('leaves an equal copy alone, whatever the order of its keys', () => {
    const data = Object.fromEntries(Object.entries(DATA).reverse());
    assert.equal(planCopy(wish({ found: copy(data) })), undefined);
  });

  test('replaces on the version that was found, keeping its metadata', () => {
    const found = copy({ ...DATA, epoch: '6' }, '41');
    assert.deepEqual(planCopy(wish({ found })), { action: 'replace', object: { ...found, data: DATA } });
  });

  for (const [name, data] of [
    ['has a key more', { ...DATA, more: '' }],
    ['lacks a key', { epoch: '7' }],
    ['has another key', { 'active-site': 'us', era: '7' }],
    ['has another value', { ...DATA, epoch: '8' }],
    ['has no data', undefined],
  ] as const) {
    test(`replaces a copy that ${name}`, () =>
      assert.equal(planCopy(wish({ found: copy(data) }))?.action, 'replace'));
  }

  test('replaces a copy with something beside the data, without it', () => {
    const found = { ...copy(DATA), binaryData: { more: '' } };
    assert.deepEqual(planCopy(wish({ found })), { action: 'replace', object: copy(DATA) });
  });

  test('removes the copy that was found, and nothing where there is none', () => {
    const found = copy(DATA);
    assert.deepEqual(planCopy(wish({ found, wanted: false })), { action: 'delete', object: found });
    assert.equal(planCopy(wish({ wanted: false })), undefined);
  });

  test('is empty once it was carried out', () => {
    const data = fc.dictionary(
      fc.constantFrom('a', 'b', 'constructor', '__proto__'),
      fc.constantFrom('', '1', '2'),
    );
    const found = fc.option(
      fc.option(data, { nil: undefined }).map((given) => copy(given)),
      { nil: undefined },
    );
    fc.assert(
      fc.property(data, fc.boolean(), found, (wantedData, wanted, there) => {
        const given = wish({ data: wantedData, wanted, found: there });
        const result = after(there, planCopy(given));
        assert.equal(planCopy({ ...given, found: result }), undefined);
        assert.equal(result !== undefined, wanted);
        if (result !== undefined) assert.deepEqual({ ...result.data }, { ...wantedData });
      }),
    );
  });
});
