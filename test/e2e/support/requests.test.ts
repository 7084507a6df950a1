import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answeredAfter, judge, type Request } from './requests.ts';

const turns = [
  { at: 0, site: 'a' },
  { at: 1_000, site: 'b' },
];

function request(sentAt: number, site: string): Request {
  return { sentAt, endedAt: sentAt + 10, site };
}

test('a request that a standby answers is misrouted, unless a window allows that site then', () => {
  const requests = [request(500, 'a'), request(1_200, 'a'), request(1_400, 'b'), request(3_000, 'a')];
  const window = { from: 1_000, to: 2_000, sites: ['a'], why: 'failover' };
  const { late, misrouted, answered } = judge(requests, turns, [window]);
  assert.equal(answered, 4);
  assert.equal(late, 1);
  assert.deepEqual(misrouted, [request(3_000, 'a')]);
  assert.equal(judge(requests, turns, [{ ...window, sites: ['c'] }]).misrouted.length, 2);
});

test('a request that spans a move may be answered by either site', () => {
  const spanning = { sentAt: 990, endedAt: 1_010 };
  const requests = ['a', 'b'].map((site) => ({ ...spanning, site }));
  assert.deepEqual(judge(requests, turns, []).misrouted, []);
});

test('failures are counted by their error, and the gap is that between answers', () => {
  const failed: Request[] = [
    { sentAt: 600, endedAt: 700, error: 'ECONNREFUSED' },
    { sentAt: 700, endedAt: 900, error: 'timeout' },
  ];
  const {
    failed: count,
    failures,
    longestGap,
  } = judge([request(490, 'a'), ...failed, request(990, 'a')], turns, []);
  assert.equal(count, 2);
  assert.deepEqual(failures, { ECONNREFUSED: 1, timeout: 1 });
  assert.equal(longestGap, 500);
});

test('answers of a site that was no endpoint any more are counted, with the longest time after', () => {
  const shut = [{ from: 1_100, to: 5_000, sites: ['a'], why: '' }];
  const requests = [request(1_050, 'a'), request(1_150, 'a'), request(1_200, 'b'), request(1_400, 'a')];
  assert.deepEqual(answeredAfter(requests, shut), { count: 2, longestMs: 300 });
});
