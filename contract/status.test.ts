import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { anyText } from '../test/support/any-text.ts';
import { decodeEpoch, decodeStatus, encodeStatus, PHASES, STATUS_KEYS, type Status } from './status.ts';

const STATUS: Status = {
  activeSite: 'us-east',
  activeNode: 'node-us-east-01',
  primary: 'pg-cluster-1',
  phase: 'Settled',
  reason: '',
  epoch: 7,
  since: '2026-01-01T00:00:00.000Z',
  lastUpdated: '2026-01-01T00:00:01.000Z',
  sites: { 'us-east': ['node-us-east-01'], 'eu-west': [] },
};
const DATA = encodeStatus(STATUS);
const MAX_EPOCH = 999_999_999_999;

const text = fc.oneof(fc.string(), anyText);
const status: fc.Arbitrary<Status> = fc.record(
  {
    activeSite: text,
    activeNode: text,
    primary: text,
    phase: fc.constantFrom(...PHASES),
    reason: text,
    epoch: fc.nat({ max: MAX_EPOCH }),
    since: text,
    lastUpdated: text,
    sites: fc.dictionary(text, fc.array(text, { maxLength: 3 }), { noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

describe('the status', () => {
  test('stands in the ConfigMap under the public keys', () => {
    assert.deepEqual(DATA, {
      'active-site': 'us-east',
      'active-node': 'node-us-east-01',
      primary: 'pg-cluster-1',
      phase: 'Settled',
      reason: '',
      epoch: '7',
      since: '2026-01-01T00:00:00.000Z',
      'last-updated': '2026-01-01T00:00:01.000Z',
      sites: '{"us-east":["node-us-east-01"],"eu-west":[]}',
    });
    assert.deepEqual(Object.keys(DATA).sort(), [...STATUS_KEYS].sort());
  });

  test('is read as it was written, whatever else is in the ConfigMap', () => {
    fc.assert(
      fc.property(status, fc.dictionary(text, text), (written, foreign) => {
        assert.deepEqual(decodeStatus({ ...foreign, ...encodeStatus(written) }), written);
      }),
    );
  });

  test('is whole or not there at all', () => {
    const some = fc.oneof(text, fc.constantFrom(...Object.values(DATA), 'null', '{}', '[]', '{"a":[1]}'));
    const data = fc.dictionary(fc.constantFrom(...STATUS_KEYS), some);
    fc.assert(
      fc.property(data, (edited) => {
        const read = decodeStatus({ ...DATA, ...edited });
        if (read === undefined) return;
        assert.deepEqual(decodeStatus(encodeStatus(read)), read);
        assert.ok(Number.isSafeInteger(read.epoch) && read.epoch >= 0);
        for (const nodes of Object.values(read.sites)) {
          assert.ok(nodes.every((node) => typeof node === 'string'));
        }
      }),
    );
  });

  for (const key of STATUS_KEYS) {
    test(`without ${key} is none`, () => {
      const { [key]: _, ...rest } = DATA;
      assert.equal(decodeStatus(rest), undefined);
    });
  }

  const malformed: readonly [string, Record<string, string>][] = [
    ['an unknown phase', { phase: 'settled' }],
    ['an epoch with a newline', { epoch: '7\n' }],
    ['a negative epoch', { epoch: '-7' }],
    ['sites that are a list', { sites: '[]' }],
    ['sites that are null', { sites: 'null' }],
    ['sites that are a text', { sites: '"us"' }],
    ['sites cut short', { sites: '{"us":["a"]' }],
    ['nodes that are a text', { sites: '{"us":"a"}' }],
    ['a node that is a number', { sites: '{"us":[1]}' }],
    ['nodes that are null', { sites: '{"us":null}' }],
    ['more sites than a sidecar has memory for', { sites: `{"us":["a"]${' '.repeat(330_000)}}` }],
  ];
  for (const [name, edited] of malformed) {
    test(`with ${name} is none`, () => assert.equal(decodeStatus({ ...DATA, ...edited }), undefined));
  }

  test('of a ConfigMap without data is none', () => {
    assert.equal(decodeStatus(undefined), undefined);
    assert.equal(decodeStatus({}), undefined);
  });
});

describe('an epoch', () => {
  for (const [written, read] of [
    ['0', 0],
    ['7', 7],
    [String(MAX_EPOCH), MAX_EPOCH],
    ['1000000000000', undefined],
    ['007', undefined],
    ['+7', undefined],
    ['7.0', undefined],
    ['7e3', undefined],
    ['0x7', undefined],
    [' 7', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    test(`${JSON.stringify(written)} is ${read ?? 'none'}`, () => assert.equal(decodeEpoch(written), read));
  }
});
