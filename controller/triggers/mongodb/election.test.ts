import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Answer, type Election, electedOf } from './election.ts';
import { parseHello } from './hello.ts';

const MEMBERS = ['db-0', 'db-1', 'db-2'].map((pod) => `${pod}.db-svc.app.svc.cluster.local:27017`);
const ELECTION = (term: number) => `7fffffff00000000000000${String(term).padStart(2, '0')}`;

interface Said {
  /** Index of the member that it takes for the primary. */
  readonly primary?: number;
  readonly term?: number;
  readonly setVersion?: number;
  readonly set?: string | null;
}

/** What the member of this index says; no `said`: it does not answer. */
function answer(index: number, said?: Said): Answer {
  const member = MEMBERS[index] ?? '';
  if (said === undefined) return { member, problem: 'connection refused' };
  const { primary, term, setVersion = 1, set = 'rs0' } = said;
  const isWritablePrimary = primary === index;
  const hello = parseHello({
    isWritablePrimary,
    setName: set,
    me: member,
    primary: primary === undefined ? undefined : MEMBERS[primary],
    hosts: MEMBERS,
    setVersion,
    electionId: isWritablePrimary && term !== undefined ? ELECTION(term) : undefined,
  });
  return { member, hello };
}

const answers = (...said: readonly (Said | undefined)[]) => said.map((each, index) => answer(index, each));

function outcome(said: readonly Answer[], newest?: Election): string {
  const elected = electedOf(said, 'rs0', newest);
  return 'kind' in elected ? elected.reason : elected.pod;
}

const cases: [what: string, said: Answer[], expected: string, newest?: number][] = [
  [
    'one that all agree on',
    answers({ primary: 1, term: 3 }, { primary: 1, term: 3 }, { primary: 1 }),
    'db-1',
  ],
  ['one that most agree on', answers(undefined, { primary: 1, term: 3 }, { primary: 1 }), 'db-1'],
  ['nobody', answers({}, {}, {}), 'PrimaryEmpty'],
  ['nobody answers', answers(undefined, undefined, undefined), 'SourceUnreachable'],
  [
    'a new one that the others have not heard of',
    answers({ primary: 0, term: 2 }, { primary: 2 }, {}),
    'db-0',
  ],
  [
    'a lonely one that nobody confirms',
    answers({ primary: 0, term: 2 }, undefined, undefined),
    'PrimaryPending',
  ],
  ['a lonely one as late as any seen', answers({ primary: 0, term: 2 }, undefined, undefined), 'db-0', 2],
  [
    'a lonely one of an earlier election',
    answers({ primary: 0, term: 2 }, undefined, undefined),
    'PrimaryPending',
    3,
  ],
  [
    'one of an earlier election that most name: the set was made again',
    answers({ primary: 0, term: 1 }, { primary: 0 }, { primary: 0 }),
    'db-0',
    9,
  ],
  [
    'two: the later election',
    answers({ primary: 0, term: 2 }, { primary: 1, term: 3 }, { primary: 1 }),
    'db-1',
  ],
  [
    'two: the election goes before the version of the configuration',
    answers({ primary: 0, term: 2, setVersion: 9 }, { primary: 1, term: 3 }, {}),
    'db-1',
  ],
  [
    'two of one election: the later configuration',
    answers({ primary: 0, term: 2, setVersion: 2 }, { primary: 1, term: 2 }, {}),
    'db-0',
  ],
  [
    'two that nothing tells apart',
    answers({ primary: 0, term: 2 }, { primary: 1, term: 2 }, {}),
    'PrimaryAmbiguous',
  ],
  [
    'two of which one tells no election',
    answers({ primary: 0 }, { primary: 1, term: 2 }, {}),
    'PrimaryAmbiguous',
  ],
  ['all of another replica set', answers({ primary: 0, set: 'other' }, { set: 'other' }), 'SourceInvalid'],
  ['a single server', answers({ primary: 0, set: null }), 'SourceInvalid'],
  [
    'one of another replica set beside ours',
    answers({ primary: 0, term: 9, set: 'other' }, { primary: 1, term: 2 }, { primary: 1 }),
    'db-1',
  ],
];

describe('who is primary of what members say:', () => {
  for (const [what, said, expected, newest] of cases) {
    test(what, () => {
      const election = newest === undefined ? undefined : { electionId: ELECTION(newest), setVersion: 1 };
      assert.equal(outcome(said, election), expected);
    });
  }

  test('one that speaks for itself under several addresses', () => {
    const [own] = answers({ primary: 0, term: 2 });
    const aliases = ['db-0', 'db-0.db', 'db-0.db.app'].map((member) => ({ ...own, member }) as Answer);
    assert.equal(outcome(aliases), 'PrimaryPending');
  });

  test('an address that begins with no pod', () => {
    for (const me of ['10.0.0.7:27017', '[2001:db8::7]:27017', 'UPPER.db:27017']) {
      const hello = parseHello({ isWritablePrimary: true, setName: 'rs0', me, primary: me, hosts: [me] });
      assert.equal(outcome([{ member: 'db-0:27017', hello }]), 'SourceInvalid', me);
    }
  });
});

test('a hello that makes no sense is refused with the field', () => {
  for (const [document, message] of [
    [{}, /isWritablePrimary/],
    [{ isWritablePrimary: 'yes' }, /isWritablePrimary/],
    [{ isWritablePrimary: true, me: 7 }, /me that is no text/],
    [{ isWritablePrimary: true, electionId: 'x' }, /electionId/],
    [{ isWritablePrimary: true, setVersion: '1' }, /setVersion/],
    [{ isWritablePrimary: true, hosts: 'a' }, /hosts that are no list/],
  ] as const) {
    assert.throws(() => parseHello(document), message);
  }
});

test('whatever they say: who is followed claims it himself, and nobody of a later election claims it too', () => {
  const said = fc.option(
    fc.record({ primary: fc.nat(2), term: fc.integer({ min: 1, max: 3 }), setVersion: fc.nat(2) }),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.tuple(said, said, said), fc.option(fc.integer({ min: 1, max: 3 })), (all, newest) => {
      const election = newest === null ? undefined : { electionId: ELECTION(newest), setVersion: 0 };
      const elected = electedOf(answers(...all), 'rs0', election);
      if ('kind' in elected) return;
      const index = Number(elected.pod.slice(-1));
      const own = all[index];
      assert.equal(own?.primary, index);
      for (const [other, claim] of all.entries()) {
        if (claim?.primary === other && own !== undefined) assert.ok(claim.term <= own.term);
      }
    }),
    { numRuns: 2_000 },
  );
});
