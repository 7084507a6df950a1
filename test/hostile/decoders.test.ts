/** Whatever stands in objects that others can write: readers take it or leave it, at once, and never throw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeHistory } from '../../contract/history.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { readRouting } from '../../contract/routing.ts';
import { decodeEpoch, decodeStatus, encodeStatus, STATUS_KEYS } from '../../contract/status.ts';
import { decode as decodeMemory } from '../../controller/triggers/node-status/memory.ts';
import { decodeLedger } from '../../notify/ledger.ts';
import { systemClock } from '../../runtime/clock.ts';
import { statusWith } from '../../sidecar/testing/status.ts';
import { admit } from '../../webhook/admission.ts';
import { readLabel } from '../../webhook/inject/label.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { seedsOfRun } from './support/fuzz.ts';
import { ATTACK_MS, STRENGTH } from './support/strength.ts';

const MOST_MS = 500;
const loaded = loadInjectorConfig({});
assert.ok(loaded.ok);
const { value: config } = loaded;

const DEEP = '['.repeat(200_000);
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.json(),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '1e999',
    '-1',
    '07',
    `${'9'.repeat(300_000)}`,
    '\u0000',
    '\ud800',
  ),
  fc.constantFrom(DEEP, `{"a":`.repeat(100_000), `${'a'.repeat(500_000)}!`, '-'.repeat(300_000)),
);
const hostileValue = fc.anything({ key: hostileText, withNullPrototype: true, withBigInt: false });
const texts = (keys: readonly string[]) => fc.dictionary(fc.constantFrom(...keys), hostileText);

/** A right status of which some keys are wrong. */
const almostStatus = texts(STATUS_KEYS).map((wrong) => ({ ...encodeStatus(statusWith()), ...wrong }));
const review = fc.record({
  apiVersion: fc.constant('admission.k8s.io/v1'),
  kind: fc.constant('AdmissionReview'),
  request: fc.record(
    {
      uid: fc.oneof(fc.constant('1'), hostileText),
      kind: fc.constantFrom({ group: '', version: 'v1', kind: 'Pod' }, {}, null),
      operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE', ''),
      namespace: hostileText,
      name: hostileText,
      object: fc.record(
        {
          metadata: fc.record(
            {
              name: hostileText,
              labels: fc.oneof(
                texts(Object.values(LABELS)),
                fc.constant({ [LABELS.inject]: 'true' }),
                hostileValue,
              ),
              annotations: fc.oneof(texts(Object.values(ANNOTATIONS)), hostileValue),
              ownerReferences: hostileValue,
            },
            { requiredKeys: [] },
          ),
          spec: fc.oneof(fc.record({ containers: hostileValue }), hostileValue),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  ),
});

const readers: Readonly<Record<string, fc.IProperty<[unknown]>>> = {
  'a status': reads(almostStatus, decodeStatus),
  'an epoch': reads(hostileText, decodeEpoch),
  'annotations of a Service': reads(texts(Object.values(ANNOTATIONS)), readRouting),
  labels: reads(texts(Object.values(LABELS)), readLabel),
  'a history': reads(hostileValue, decodeHistory),
  'a ledger': reads(hostileValue, decodeLedger),
  'the memory of a trigger': reads(hostileValue, (value) => decodeMemory(value, systemClock)),
  'a review': reads(review, (body) => admit(body, config, () => undefined)),
};

function reads<T>(values: fc.Arbitrary<T>, read: (value: T) => unknown): fc.IProperty<[unknown]> {
  return fc.property(values, (value) => {
    const began = performance.now();
    read(value);
    const ms = performance.now() - began;
    assert.ok(ms < MOST_MS, `it took ${Math.round(ms)} ms`);
  }) as fc.IProperty<[unknown]>;
}

/** In the long form as many as there is time for. */
const RUNS = STRENGTH > 1 ? 1_000_000 : 5_000;

for (const seed of seedsOfRun()) {
  for (const [what, property] of Object.entries(readers)) {
    test(`${what} may be anything, HOSTILE_SEED=${seed}`, () => {
      fc.assert(property, { seed: Number(seed), numRuns: RUNS, interruptAfterTimeLimit: ATTACK_MS });
    });
  }
}
