import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerAnswer } from '../../dns/records/authoritative.ts';
import { FakeApi } from '../../kubernetes/testing/fake-api.ts';
import { published } from '../cluster/followers.ts';
import { NOW, reportMap, statusMap } from '../testing/scene.ts';
import type { Result } from './check.ts';
import { DNS } from './dns.ts';
import { World } from './world.ts';

const WANTED = '192.0.2.10';

/** What is found of one record, so long after the provider accepted it, with these answers of name servers. */
function look(acceptedMs: number, answers: readonly ServerAnswer[], more: object = {}): Promise<Result> {
  const record = {
    zone: 'example.com',
    name: 'app.example.com',
    type: 'A',
    wanted: [WANTED],
    accepted: { values: [WANTED], at: new Date(NOW - acceptedMs).toISOString() },
    ...more,
  };
  const world = new World({
    api: new FakeApi(),
    clock: { now: () => NOW, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: published([statusMap(), reportMap({ dns: [record] })]),
    lookup: async () => answers,
  });
  return DNS.find(world);
}

const right = { server: 'ns1', values: [WANTED] };
const old = { server: 'ns2', values: ['198.51.100.20'] };
const silent = { server: 'ns3', values: undefined };

test('a name server that still has the old address is told of, once it had the time', async () => {
  assert.deepEqual((await look(299_000, [right, old])).findings, []);
  const [finding, ...more] = (await look(360_000, [right, old, silent])).findings;
  assert.deepEqual(more, []);
  assert.equal(finding?.severity, 'warning');
  assert.match(
    `${finding?.about} ${finding?.text}`,
    /^DNS app\.example\.com A ns2 still say 198\.51\.100\.20, 6m/,
  );
  const [absent] = (await look(360_000, [{ server: 'ns1', values: [] }])).findings;
  assert.match(absent?.text ?? '', /ns1 still say that there is no such record/);
});

test('what the name servers of a proxied record say is not held against it', async () => {
  const at = new Date(NOW).toISOString();
  const seen = { values: [WANTED], at, servers: ['Cloudflare (proxied)'], silent: [], hidden: 'proxied' };
  assert.deepEqual(await look(360_000, [old], { seen }), { findings: [], note: '1 record' });
});

test('an address of the other family that follows no site is told', async () => {
  const [finding] = (await look(0, [right], { unfollowed: ['AAAA 2001:db8::5'] })).findings;
  assert.equal(finding?.severity, 'warning');
  assert.match(finding.text, /AAAA 2001:db8::5, which follows no site/);
});

test('that no name server answers is said, and no problem', async () => {
  assert.deepEqual(await look(360_000, [right, silent]), { findings: [], note: '1 record' });
  for (const answers of [[silent], []]) {
    const { findings, note } = await look(360_000, answers);
    assert.deepEqual(findings, []);
    assert.equal(note, '1 record; of 1 no authoritative name server answers here');
  }
});

test('before there is an active site nobody says that no record is followed', async () => {
  const skipped = async (activeSite: string) => {
    const world = new World({
      api: new FakeApi(),
      clock: { now: () => NOW, elapsed: () => 0, after: () => () => undefined },
      abort: new AbortController().signal,
      followers: published([statusMap({ activeSite }), reportMap({})]),
    });
    return (await DNS.find(world)).skipped;
  };
  assert.equal(await skipped(''), 'no site is active yet');
  assert.equal(await skipped('us-east'), 'no records are followed');
});
