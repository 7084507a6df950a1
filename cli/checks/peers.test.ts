import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReportedPeer } from '../../contract/peers.ts';
import type { Status } from '../../contract/status.ts';
import { FakeApi } from '../../kubernetes/testing/fake-api.ts';
import { published } from '../cluster/followers.ts';
import { reportMap, statusMap } from '../testing/scene.ts';
import { PEERS } from './peers.ts';
import { World } from './world.ts';

const TRIGGER = { kind: 'cnpg-topology', namespace: 'postgres', clusterName: 'pg-east' };
const MADE = { 'example.com': 'v=site-follower1; owner=pg-east; site=us-east; timeline=7; epoch=9' };
const CLAIM = { promotedTo: 7, demotedAt: '', rivals: {}, made: MADE };
const OWN = { activeSite: 'us-east', sites: { 'us-east': ['node-us-east-01'], 'eu-west': [] } };
const SIDE = { site: 'eu-west', activeSite: 'us-east', phase: 'Settled', claim: 'none' } as const;
const WELL: ReportedPeer = { site: 'eu-west', answered: true, problem: '', side: SIDE };

/** Of us-east, which is active. */
function look(peers: unknown, sections: object = {}, status: Partial<Status> = OWN) {
  const world = new World({
    api: new FakeApi(),
    clock: { now: () => 0, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: published([
      statusMap(status),
      reportMap({ trigger: TRIGGER, claim: CLAIM, peers, ...sections }),
    ]),
  });
  return PEERS.find(world);
}

const found = async (peer: Partial<ReportedPeer>, status?: Partial<Status>) => {
  const { findings } = await look([{ ...WELL, ...peer }], {}, status);
  return findings.map(({ severity, text, action }) => `${severity}: ${text}. ${action}`).join('\n');
};
const says = (side: Partial<NonNullable<ReportedPeer['side']>>) => ({ side: { ...SIDE, ...side } });

describe('the peers', () => {
  test('are well where each answers and says the same, and the claim is told', async () => {
    const here = { findings: [], note: 'us-east is active, and has claimed its records on timeline 7' };
    assert.deepEqual(await look([WELL]), here);
    const there = says({ activeSite: 'eu-west', claim: 'own' });
    const status = { ...OWN, activeSite: 'eu-west' };
    assert.deepEqual(await look([{ ...WELL, ...there }], {}, status), {
      findings: [],
      note: 'eu-west is active, and has claimed its records',
    });
    const unclaimed = { claim: undefined };
    assert.equal((await look([WELL], unclaimed)).note, 'us-east is active');
  });

  test('are not looked at where there are none', async () => {
    assert.match((await look([])).skipped ?? '', /none are named in the setting peers/);
    assert.match((await look(undefined)).skipped ?? '', /none are named in the setting peers/);
    const alone = { trigger: { kind: 'cnpg', namespace: 'postgres', clusterName: 'pg' } };
    assert.match((await look([WELL], alone)).skipped ?? '', /cnpg-topology/);
  });

  test('that do not answer are told with what to do', async () => {
    const lost = await found({ problem: 'its page gave no answer within 5000 ms' });
    assert.match(
      lost,
      /^warning: it does not answer, .*: its page gave no answer within 5000 ms\. .*promote/,
    );
    const expired = await found({ problem: 'no answer: certificate has expired' });
    assert.match(expired, /certificate has expired\. Renew the certificate/);
    assert.match(await found({ answered: false, side: null }), /^warning: it was not asked yet/);
    assert.match(await found({ side: null }), /^warning: its page shows no status of the follower default/);
    assert.match(await found(says({ site: 'asia' })), /^problem: it is asia, .* leads to another cluster/);
  });

  test('that take themselves for the active one, too, are a problem', async () => {
    const both = await found(says({ activeSite: 'eu-west' }));
    assert.match(both, /^problem: it takes itself for the active one, and so does us-east/);
  });

  test('that say something else are a problem, unless a move is under way', async () => {
    const status = { ...OWN, activeSite: 'eu-west' };
    assert.match(
      await found({}, status),
      /^problem: it says that us-east is active, and us-east says eu-west/,
    );
    const moving = await found(says({ phase: 'Transitioning' }), status);
    assert.match(moving, /^warning: .*A move is under way/);
  });

  test('that stand by for the claim of another one are told', async () => {
    const claim = { owner: 'pg-east', timeline: 7 };
    const overtaken = await found(says({ phase: 'Held', claim }));
    assert.match(
      overtaken,
      /^warning: .*stands by for the claim of pg-east on timeline 7\. Let spec\.replica/,
    );
    assert.equal(await found(says({ claim })), '', 'it was demoted meanwhile');
  });
});
