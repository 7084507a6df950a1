import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { plan } from '../../plan.ts';
import { DnsError } from '../../provider.ts';
import { isFollowingSet } from '../../records/record-sets.ts';
import { ANY_TTL, type RecordSet } from '../../records.ts';
import { changesOf, plainName, recordSets, unchanged } from './records.ts';

const APP = 'app.example.com';
const A: ResourceRecordSet = {
  Name: `${APP}.`,
  Type: 'A',
  TTL: 60,
  ResourceRecords: [{ Value: '192.0.2.1' }],
};
const ALIAS: ResourceRecordSet = {
  Name: `${APP}.`,
  Type: 'A',
  AliasTarget: { HostedZoneId: 'Z1', DNSName: 'lb.example.net.', EvaluateTargetHealth: false },
};
const desired: RecordSet = { name: APP, type: 'A', ttl: 60, values: ['192.0.2.2'] };

function planned(sets: readonly ResourceRecordSet[], set: RecordSet = desired) {
  return plan(recordSets(sets).filter(isFollowingSet), [set], new Set(['A', 'AAAA', 'CNAME']));
}

function refusal(task: () => unknown): DnsError {
  try {
    task();
  } catch (error) {
    assert.ok(error instanceof DnsError);
    return error;
  }
  throw new assert.AssertionError({ message: 'this must be refused' });
}

test('names come in octal and with a final dot', () => {
  assert.equal(plainName('\\052.Example.COM.'), '*.example.com');
  assert.equal(plainName('a\\057b.example.com'), 'a/b.example.com');
});

describe('a record of another name is not taken for one that follows', () => {
  for (const [what, written, followed] of [
    ['a dot within its label', 'a\\056b.example.com.', 'a.b.example.com'],
    ['a space before it', '\\040app.example.com.', APP],
    ['a byte that is a letter elsewhere', '\\374ber.example.com.', 'xn--ber-goa.example.com'],
  ] as const) {
    test(what, () => {
      const foreign = { ...A, Name: written };
      const changes = planned([foreign], { ...desired, name: followed });
      const actions = changesOf([foreign], changes).map(({ Action }) => Action);
      assert.deepEqual(actions, ['CREATE']);
    });
  }
});

describe('what is read', () => {
  test('leaves out what does not follow', () => {
    const others = (['MX', 'NS', 'SOA'] as const).map((Type) => ({ ...A, Type }));
    assert.deepEqual(recordSets(others), []);
  });

  test('shows an alias and a routing policy as what equals nothing desired', () => {
    const [alias] = recordSets([ALIAS]);
    assert.deepEqual(alias, { name: APP, type: 'A', ttl: ANY_TTL, values: ['an alias of lb.example.net.'] });
    const weighted = { ...A, SetIdentifier: 'east', Weight: 1 };
    assert.deepEqual(recordSets([weighted, { ...weighted, SetIdentifier: 'west' }]), [
      { name: APP, type: 'A', ttl: ANY_TTL, values: ['part of a routing policy'] },
    ]);
  });
});

describe('a batch', () => {
  test('deletes exactly what was read and creates what is desired', () => {
    assert.deepEqual(changesOf([A], planned([A])), [
      { Action: 'DELETE', ResourceRecordSet: A },
      {
        Action: 'CREATE',
        ResourceRecordSet: { Name: APP, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.2' }] },
      },
    ]);
  });

  test('keeps a health check', () => {
    const checked = { ...A, HealthCheckId: 'h-1' };
    const [deletion, creation] = changesOf([checked], planned([checked]));
    assert.deepEqual(deletion?.ResourceRecordSet, checked);
    assert.equal(creation?.ResourceRecordSet?.HealthCheckId, 'h-1');
    const cname: RecordSet = { name: APP, type: 'CNAME', ttl: 60, values: ['west.example.org'] };
    const [, replacement] = changesOf([checked], planned([checked], cname));
    assert.equal(replacement?.ResourceRecordSet?.HealthCheckId, 'h-1');
  });

  test('adds a text to those of others, which keep their form', () => {
    const there: ResourceRecordSet = {
      Name: `a-${APP}.`,
      Type: 'TXT',
      TTL: 300,
      ResourceRecords: [{ Value: '"in " "parts"' }, { Value: '"caf\\303\\251"' }],
    };
    const [found] = recordSets([there]);
    assert.deepEqual(found?.values, ['in parts', 'caf\\303\\251']);
    assert.ok(found?.type === 'TXT');
    const changed = { ...found, values: ['ours', ...found.values] };
    assert.deepEqual(
      changesOf([there], [{ action: 'update', current: found, desired: changed }])[1]?.ResourceRecordSet
        ?.ResourceRecords,
      [{ Value: '"ours"' }, ...(there.ResourceRecords ?? [])],
    );
  });

  test('depends on a set that stays by deleting and creating it as it is', () => {
    const stays: RecordSet = { name: APP, type: 'A', ttl: 60, values: ['192.0.2.1'] };
    assert.deepEqual(unchanged([A], stays), [
      { Action: 'DELETE', ResourceRecordSet: A },
      { Action: 'CREATE', ResourceRecordSet: A },
    ]);
    for (const now of [[], [{ ...A, ResourceRecords: [{ Value: '192.0.2.2' }] }]])
      assert.equal(refusal(() => unchanged(now, stays)).kind, 'conflict');
  });

  test('replaces an address by a CNAME, deletion first', () => {
    const cname: RecordSet = { name: APP, type: 'CNAME', ttl: 60, values: ['west.example.org'] };
    assert.deepEqual(
      changesOf([A], planned([A], cname)).map(
        ({ Action, ResourceRecordSet: set }) => `${Action} ${set?.Type}`,
      ),
      ['DELETE A', 'CREATE CNAME'],
    );
  });

  test('is not made of what has changed since', () => {
    const changes = planned([A]);
    for (const now of [[], [{ ...A, TTL: 300 }], [{ ...A, ResourceRecords: [{ Value: '203.0.113.9' }] }]]) {
      assert.equal(refusal(() => changesOf(now, changes)).kind, 'conflict');
    }
    assert.equal(refusal(() => changesOf([A], planned([]))).kind, 'conflict');
  });

  test('does not replace an alias, nor what a policy has made or chooses from', () => {
    const chosen = { ...A, SetIdentifier: 'east', Weight: 1 };
    const made = { ...A, TrafficPolicyInstanceId: '7f8c2f0d' };
    for (const special of [ALIAS, chosen, made]) {
      const error = refusal(() => changesOf([special], planned([special])));
      assert.deepEqual([error.kind, error.code], ['refused', 'special']);
      assert.match(
        error.message,
        /app\.example\.com A is (an alias|part of a routing policy|made by a traffic policy)/,
      );
    }
  });
});
