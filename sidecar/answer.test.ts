import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type ViewOptions, viewOf } from './answer.ts';
import { INITIAL_STATE, type SidecarState } from './state.ts';
import { EAST_NODE, statusWith, WEST_NODE } from './testing/status.ts';

const OPTIONS: ViewOptions = {
  nodeName: EAST_NODE,
  whenStale: 'hold',
  staleAfterMs: 60_000,
  connection: { isUp: true, isDown: false },
};
const HELD: SidecarState = {
  ...INITIAL_STATE,
  source: 'api',
  status: statusWith(),
  confirmedAt: 1_000,
  lineage: 'a',
};
const FRESH = 2_000;
const STALE = 61_000;

test('the answer has exactly the documented fields, in their order', () => {
  assert.equal(
    JSON.stringify(viewOf(HELD, OPTIONS, FRESH).answer),
    '{"active":true,"site":"east","activeSite":"east","activeNode":"node-east-1","phase":"Settled","epoch":7,' +
      '"since":"2026-01-01T00:00:00.000Z","stale":false,"source":"api"}',
  );
  assert.equal(
    JSON.stringify(viewOf(INITIAL_STATE, OPTIONS, FRESH).answer),
    '{"active":false,"site":"","activeSite":"","activeNode":"","phase":"Unknown","epoch":0,"since":"","stale":true,"source":"none"}',
  );
});

describe('why', () => {
  const cases: readonly [string, SidecarState, Partial<ViewOptions>, number, string][] = [
    ['active', HELD, {}, FRESH, 'active: east, epoch 7'],
    ['active, stale, holding', HELD, {}, STALE, 'active: east, epoch 7, not confirmed lately'],
    [
      'stale, not holding',
      HELD,
      { whenStale: 'standby' },
      STALE,
      'standby: for 60 s nothing has confirmed that east is active, epoch 7',
    ],
    ['fresh, not holding', HELD, { whenStale: 'standby' }, FRESH, 'active: east, epoch 7'],
    [
      'the other site',
      HELD,
      { nodeName: WEST_NODE },
      FRESH,
      'standby: east is active, epoch 7; this pod is in west',
    ],
    [
      'a node of no site',
      HELD,
      { nodeName: 'n' },
      FRESH,
      'standby: node n is in none of the sites east, west',
    ],
    [
      'no site yet',
      { ...HELD, status: statusWith({ activeSite: '', activeNode: '', epoch: 0, phase: 'Held' }) },
      {},
      FRESH,
      'standby: no site is active yet',
    ],
    ['nothing read', INITIAL_STATE, {}, FRESH, 'standby: no status was read yet'],
  ];
  for (const [name, state, options, now, why] of cases) {
    test(name, () => {
      const view = viewOf(state, { ...OPTIONS, ...options }, now);
      assert.equal(view.why, why);
      assert.equal(view.answer.active, why.startsWith('active:'));
      assert.equal(view.answer.stale, now === STALE || state === INITIAL_STATE);
    });
  }
});

test('of one status at most one site is active, whatever the nodes and the time', () => {
  const sites = fc.dictionary(
    fc.constantFrom('east', 'west', ''),
    fc.array(fc.constantFrom(EAST_NODE, WEST_NODE, ''), { maxLength: 3 }),
  );
  const any = fc.record({
    sites,
    activeSite: fc.constantFrom('east', 'west', ''),
    whenStale: fc.constantFrom('hold' as const, 'standby' as const),
    now: fc.nat({ max: 100_000 }),
  });
  fc.assert(
    fc.property(any, ({ sites, activeSite, whenStale, now }) => {
      const state = { ...HELD, status: statusWith({ sites, activeSite }) };
      for (const nodeName of [EAST_NODE, WEST_NODE, ''] as const) {
        const { answer } = viewOf(state, { ...OPTIONS, nodeName, whenStale }, now);
        if (!answer.active) continue;
        assert.equal(answer.site, activeSite);
        assert.notEqual(activeSite, '');
        assert.ok(sites[activeSite]?.includes(nodeName));
        assert.ok(whenStale === 'hold' || !answer.stale);
      }
    }),
  );
});
