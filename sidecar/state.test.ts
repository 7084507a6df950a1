import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Status } from '../contract/status.ts';
import {
  applyReading,
  INITIAL_STATE,
  REPLACE_AFTER_MS,
  type Reading,
  type ReadingOutcome,
  type SidecarState,
} from './state.ts';
import { statusWith } from './testing/status.ts';

interface Step {
  readonly reading: Reading;
  readonly now: number;
}

const api = (uid: string, status: Partial<Status>): Reading => ({
  source: 'api',
  uid,
  status: statusWith(status),
});
const file = (status: Partial<Status>): Reading => ({ source: 'file', uid: '', status: statusWith(status) });

function run(steps: readonly Step[]): {
  readonly states: readonly SidecarState[];
  readonly verdicts: readonly ReadingOutcome[];
} {
  const states: SidecarState[] = [];
  const verdicts: ReadingOutcome[] = [];
  let state = INITIAL_STATE;
  for (const { reading, now } of steps) {
    const [after, verdict] = applyReading(state, reading, now);
    states.push(after);
    verdicts.push(verdict);
    state = after;
  }
  return { states, verdicts };
}

type Part = readonly [seconds: number, reading: Reading, verdict: ReadingOutcome];

/** Each reading with its time in seconds and the verdict that it must get. Resolves to what is held at the end. */
function story(...parts: readonly Part[]): SidecarState {
  const { states, verdicts } = run(parts.map(([seconds, reading]) => ({ reading, now: seconds * 1_000 })));
  assert.deepEqual(
    verdicts,
    parts.map(([, , verdict]) => verdict),
  );
  return states.at(-1) ?? INITIAL_STATE;
}

function assertHeld(
  { source, status }: SidecarState,
  expected: [SidecarState['source'], number, string],
): void {
  assert.deepEqual([source, status?.epoch, status?.activeSite], expected);
}

const later = { lastUpdated: '2026-01-01T00:01:00.000Z' };

describe('what is held', () => {
  test('is the higher epoch, whichever source shows it', () => {
    const state = story(
      [0, file({ epoch: 7, activeSite: 'east' }), 'taken'],
      [1, api('a', { epoch: 8, activeSite: 'west' }), 'taken'],
      [2, file({ epoch: 9, activeSite: 'east' }), 'taken'],
      [3, api('a', { epoch: 8, activeSite: 'west' }), 'older'],
      [4, file({ epoch: 8, activeSite: 'west' }), 'older'],
    );
    assertHeld(state, ['file', 9, 'east']);
  });

  test('stays with the first site of an epoch', () => {
    const state = story(
      [0, api('a', { epoch: 7, activeSite: 'east' }), 'taken'],
      [1, api('a', { epoch: 7, activeSite: 'west', ...later }), 'conflict'],
      [2, file({ epoch: 7, activeSite: 'west', ...later }), 'conflict'],
      [999, api('a', { epoch: 7, activeSite: 'west', ...later }), 'conflict'],
    );
    assertHeld(state, ['api', 7, 'east']);
  });

  test('is not touched by what is malformed', () => {
    const state = story(
      [0, api('a', { epoch: 7 }), 'taken'],
      [1, { source: 'api', uid: 'b', status: undefined }, 'malformed'],
      [99, { source: 'file', uid: '', status: undefined }, 'malformed'],
    );
    assertHeld(state, ['api', 7, 'east']);
    assert.equal(state.confirmedAt, 0);
  });

  test('follows the phase and the nodes within an epoch: the API at once, the copy when it is newer', () => {
    const held = story(
      [0, api('a', { phase: 'Settled' }), 'taken'],
      [1, file({ phase: 'Settled' }), 'same'],
      [2, api('a', { phase: 'Transitioning', ...later }), 'taken'],
      [3, file({ phase: 'Settled' }), 'same'],
      [4, file({ phase: 'Held', lastUpdated: '2026-01-01T00:02:00.000Z' }), 'taken'],
    );
    assert.equal(held.status?.phase, 'Held');
    assert.equal(held.source, 'file');
  });
});

describe('a confirmation', () => {
  test('is what the API shows of the state, and a copy that has just changed', () => {
    const times = (...parts: readonly Part[]) => story(...parts).confirmedAt;
    assert.equal(times([5, api('a', {}), 'taken']), 5_000);
    assert.equal(times([5, api('a', {}), 'taken'], [9, api('a', {}), 'same']), 9_000);
    assert.equal(times([5, api('a', {}), 'taken'], [9, file({ epoch: 8 }), 'taken']), 9_000);
  });

  test('is not a copy that was there, an older epoch or another site', () => {
    assert.equal(story([5, file({}), 'taken']).confirmedAt, Number.NEGATIVE_INFINITY);
    const start = [5, api('a', { epoch: 7 }), 'taken'] as const;
    assert.equal(story(start, [6, file({ epoch: 7 }), 'same']).confirmedAt, 5_000);
    assert.equal(story(start, [6, api('a', { epoch: 6 }), 'older']).confirmedAt, 5_000);
    assert.equal(story(start, [6, api('a', { activeSite: 'west' }), 'conflict']).confirmedAt, 5_000);
  });
});

describe('a ConfigMap with another uid', () => {
  const before = [0, api('a', { epoch: 7, activeSite: 'east' }), 'taken'] as const;
  const anew = { epoch: 1, activeSite: 'west' };

  test('is followed when it stays below the epoch of the lost one for a while', () => {
    const state = story(
      before,
      [10, api('b', anew), 'older'],
      [39.9, api('b', anew), 'older'],
      [40, api('b', anew), 'replaced'],
      [41, api('b', { epoch: 2, activeSite: 'east' }), 'taken'],
    );
    assertHeld(state, ['api', 2, 'east']);
  });

  test('also with the same epoch and another site', () => {
    const other = { epoch: 7, activeSite: 'west' };
    assertHeld(story(before, [10, api('b', other), 'conflict'], [40, api('b', other), 'replaced']), [
      'api',
      7,
      'west',
    ]);
  });

  test('is followed at once when it goes on above, and nothing of its beginning is remembered', () => {
    const state = story(
      before,
      [10, api('b', anew), 'older'],
      [12, api('b', { epoch: 7, activeSite: 'east' }), 'same'],
      [50, api('c', anew), 'older'],
      [79, api('c', anew), 'older'],
    );
    assertHeld(state, ['api', 7, 'east']);
    assert.equal(state.lineage, 'b');
  });

  test('must be one and the same for the whole while', () => {
    const again = [45, api('b', anew), 'older'] as const;
    const other = story(before, [10, api('b', anew), 'older'], [30, api('c', anew), 'older'], again);
    const first = story(before, [10, api('b', anew), 'older'], [30, api('a', { epoch: 6 }), 'older'], again);
    for (const state of [other, first]) assertHeld(state, ['api', 7, 'east']);
  });

  test('is not contradicted by the copy of the lost one', () => {
    const state = story(
      before,
      [1, file({ epoch: 7, activeSite: 'east' }), 'same'],
      [10, api('b', anew), 'older'],
      [40, api('b', anew), 'replaced'],
      [41, file({ epoch: 8, activeSite: 'east' }), 'outlived'],
      [60, file(anew), 'same'],
      [61, file({ epoch: 2, activeSite: 'east' }), 'taken'],
    );
    assertHeld(state, ['file', 2, 'east']);
  });
});

test('an older epoch of the ConfigMap that is followed is never taken', () => {
  const old = api('a', { epoch: 6, activeSite: 'west' });
  assertHeld(story([0, api('a', { epoch: 7 }), 'taken'], [1, old, 'older'], [1_000, old, 'older']), [
    'api',
    7,
    'east',
  ]);
});

test('a copy that stays ahead of the ConfigMap is not a copy of it', () => {
  const status = { epoch: 3, activeSite: 'west' };
  const state = story(
    [0, file({ epoch: 50, activeSite: 'east' }), 'taken'],
    [1, api('a', status), 'older'],
    [31, api('a', status), 'replaced'],
    [32, file({ epoch: 50, activeSite: 'east' }), 'outlived'],
  );
  assertHeld(state, ['api', 3, 'west']);
});

describe('whatever the sources show', () => {
  const status = fc.record({
    epoch: fc.nat({ max: 5 }),
    activeSite: fc.constantFrom('east', 'west'),
    lastUpdated: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z'),
  });
  const reading = fc.oneof(
    fc.record({ uid: fc.constantFrom('a', 'b'), status }).map(({ uid, status }) => api(uid, status)),
    status.map(file),
    fc.constant<Reading>({ source: 'api', uid: 'a', status: undefined }),
  );
  const steps = fc
    .array(fc.record({ reading, waited: fc.constantFrom(1, 1_000, REPLACE_AFTER_MS) }), { maxLength: 40 })
    .map((parts) => {
      let now = 0;
      return parts.map((part): Step => {
        now += part.waited;
        return { reading: part.reading, now };
      });
    });

  test('within a lineage no epoch goes back and none has two sites', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { states, verdicts } = run(taken);
        let sites = new Map<number, string>();
        let highest = -1;
        states.forEach(({ status }, index) => {
          if (verdicts[index] === 'replaced') {
            sites = new Map();
            highest = -1;
          }
          if (status === undefined) return;
          assert.ok(status.epoch >= highest, 'the epoch went back');
          assert.equal(
            sites.get(status.epoch) ?? status.activeSite,
            status.activeSite,
            'two sites of one epoch',
          );
          highest = status.epoch;
          sites.set(status.epoch, status.activeSite);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  test('one ConfigMap is one lineage: only a copy that was ahead of it is ever replaced', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const taken = all.filter(({ reading }) => reading.uid !== 'b');
        const { states, verdicts } = run(taken);
        verdicts.forEach((verdict, index) => {
          if (verdict === 'replaced') assert.equal(states[index - 1]?.source, 'file');
        });
      }),
      { numRuns: 2_000 },
    );
  });

  test('only what agrees with what is held confirms it', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { states } = run(taken);
        states.forEach(({ confirmedAt, status }, index) => {
          const step = taken[index];
          if (step === undefined || confirmedAt !== step.now) return;
          assert.deepEqual(status, step.reading.status);
        });
      }),
    );
  });
});
