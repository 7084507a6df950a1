/** A file of its own, so that it runs beside the thousand schedules. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LastPublished } from '../../controller/status/last-published.ts';
import { StatusFirst } from '../../controller/status/status-first.ts';
import { firstViolation } from './first-violation.ts';
import { REMEMBERED_SEEDS } from './remembered-seeds.ts';
import type { Sabotage } from './replica.ts';
import { SABOTAGES } from './sabotage.ts';
import { NODE_SABOTAGES } from './sabotage-nodes.ts';
import { simulate } from './simulate.ts';

describe('a missing safeguard is noticed:', () => {
  /** With the seed of a schedule that notices it, where few do. */
  const cases: readonly [string, Sabotage, RegExp, seed?: number][] = [
    [
      'no fencing',
      SABOTAGES['no fencing'],
      /writes the status in term \d+, after one was written in term|back from epoch \d+ to \d+/,
      38,
    ],
    [
      'no doubt about a conflict',
      SABOTAGES['no doubt about a conflict'],
      /says (Held|Transitioning) .* not so since it began to look/,
      63,
    ],
    [
      'no look for an etcd that was restored',
      SABOTAGES['no look for an etcd that was restored'],
      /after the last fault, (the condition of the pod|the pod on|the Service|the copy)/,
      99,
    ],
    ['no hold while it moves', SABOTAGES['no hold while it moves'], /not so since it began to look/],
    ['no look at the owner', SABOTAGES['no look at the owner'], /not so since it began to look/, 16],
    [
      'no look at the status before Services',
      SABOTAGES['no look at the status before Services'],
      /routes the Service to \w+ in epoch \d+, which names \w+/,
    ],
    ['no merge of the zone', SABOTAGES['no merge of the zone'], /has changed a foreign record/],
    ['no memory of nodes', NODE_SABOTAGES['no memory of nodes'], /takes [\w-]+ out of \w+ into nowhere/],
    [
      'no hold of conditions',
      NODE_SABOTAGES['no hold of conditions'],
      /tells web-[\w-]+ that it is in no site/,
    ],
    [
      'durations between two clocks',
      NODE_SABOTAGES['durations between two clocks'],
      /gives \w+ up for \w+, which was unready for \d+ ms/,
      15,
    ],
    [
      'no second attempt at telling',
      SABOTAGES['no second attempt at telling'],
      /nobody was told of the move to \w+ in epoch/,
    ],
  ];
  for (const [name, sabotage, violation, seed] of cases) {
    test(name, async () => {
      assert.match(await noticed(sabotage, undefined, seed), violation);
    });
  }
});

test('a missing safeguard is noticed: no memory of what was published before etcd was restored', async (t) => {
  t.mock.method(LastPublished.prototype, 'note', () => undefined);
  assert.match(await noticed({}), /back from (its own )?epoch \d+ to \d+/);
});

test('a missing safeguard is noticed: no status before what follows it, after etcd was restored', async (t) => {
  t.mock.method(StatusFirst.prototype, 'whenStored', () => Promise.resolve());
  assert.match(await noticed({}, REMEMBERED_SEEDS), /the Service (in|back from) epoch \d+/);
});

const noticed = (sabotage: Sabotage, seeds?: readonly number[], known?: number) =>
  firstViolation((seed) => simulate(seed, { sabotage }), seeds, known);
