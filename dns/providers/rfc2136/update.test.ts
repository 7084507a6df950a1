import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, RecordSet, RecordType, TextSet } from '../../records.ts';
import { CLASSES, TYPES } from './message.ts';
import { type CnameForm, updatesOf } from './update.ts';

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TYPES).map(([name, type]) => [type, name]));
const set = (type: RecordType, value: string): RecordSet => ({
  name: 'app.example.com',
  type,
  ttl: 60,
  values: [value],
});
const ADDRESS = set('A', '192.0.2.1');
const WEST = set('CNAME', 'west.example.org');

/** The steps of the one update, such as `-A +CNAME`. */
function steps(changes: readonly Change[], form: CnameForm): string {
  const [update, ...more] = updatesOf(changes, form);
  assert.equal(more.length, 0);
  return (update?.updates ?? [])
    .map(({ type, class: klass }) => `${klass === CLASSES.ANY ? '-' : '+'}${NAMES.get(type)}`)
    .join(' ');
}

test('addresses are there again where the server leaves out the CNAME, and nothing else is ever deleted', () => {
  const move: readonly Change[] = [
    { action: 'delete', current: ADDRESS },
    { action: 'delete', current: set('AAAA', '2001:db8::1') },
    { action: 'create', desired: WEST },
  ];
  assert.equal(steps(move, 'guarded'), '-A -AAAA +CNAME +A +AAAA');
  assert.equal(steps(move, 'clearing'), '-A -AAAA -RRSIG -NSEC +CNAME +A +AAAA');
  assert.equal(steps(move, 'plain'), '-A -AAAA +CNAME');
});

test('a CNAME takes the place of another one without a moment between', () => {
  const change: Change = { action: 'update', current: WEST, desired: set('CNAME', 'east.example.org') };
  for (const form of ['guarded', 'clearing', 'plain'] as const) assert.equal(steps([change], form), '+CNAME');
});

test('addresses come after the CNAME has gone, in any form', () => {
  const back: readonly Change[] = [
    { action: 'delete', current: WEST },
    { action: 'create', desired: ADDRESS },
  ];
  for (const form of ['guarded', 'clearing', 'plain'] as const) assert.equal(steps(back, form), '-CNAME +A');
});

test('what has to stay as it is is a prerequisite of each message, and is not written', () => {
  const claim: TextSet = { name: '_claim.example.com', type: 'TXT', ttl: 60, values: ['owner=east'] };
  const names = Array.from({ length: 1_000 }, (_, index): Change => {
    const name = `${'n'.repeat(40)}${index}.example.com`;
    return {
      action: 'update',
      current: { ...ADDRESS, name },
      desired: { ...ADDRESS, name, values: ['192.0.2.2'] },
    };
  });
  const updates = updatesOf(names, 'guarded', claim);
  assert.ok(updates.length > 1);
  for (const { prerequisites, updates: written } of updates) {
    assert.equal(prerequisites.filter(({ name }) => name === claim.name).length, 1);
    assert.deepEqual(
      written.filter(({ name }) => name === claim.name),
      [],
    );
  }
});
