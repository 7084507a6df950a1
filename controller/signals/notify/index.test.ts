import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { Transition } from '../../../contract/history.ts';
import type { Status } from '../../../contract/status.ts';
import { MOST_WAITING } from '../../../notify/ledger.ts';
import { PostError, type PostRequest } from '../../../notify/post.ts';
import type { NotifyTarget } from '../../../notify/target.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { TestLeadership } from '../../../test/support/fake-cluster.ts';
import { SeededRandom } from '../../../test/support/random.ts';
import { statusAt } from '../../../test/support/status.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { loadConfig } from '../../config.ts';
import { NotifySignal } from './index.ts';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const ENV = {
  SITES: '[{"name":"us","nodeName":"us-1"},{"name":"eu","nodeName":"eu-1"}]',
  NOTIFY: '[{"name":"on-call","url":"https://hooks.example/T0KEN","secrets":[{"env":"ON_CALL_SECRET"}]}]',
  ON_CALL_SECRET: SECRET,
};
const SITE = { name: 'us', nodeNames: ['us-1'] };

let clock: VirtualClock;
let sections: Map<string, unknown>;
let history: Transition[];
let status: Status;
/** Every request, with the moment at which it came. */
let requests: (PostRequest & { at: number })[];
let answer: () => { status: number; retryAfterMs?: number } | Error;
let outcomes: string[];

beforeEach(() => {
  clock = new VirtualClock();
  sections = new Map();
  history = [];
  status = statusAt('', { epoch: 0 });
  requests = [];
  answer = () => ({ status: 204 });
  outcomes = [];
  move('us');
});

function move(to: string): void {
  const time = new Date(clock.now()).toISOString();
  const { activeSite: from, epoch } = status;
  status = {
    ...status,
    activeSite: to,
    activeNode: `${to}-1`,
    primary: 'pg-1',
    epoch: epoch + 1,
    since: time,
  };
  history = [
    ...history,
    { epoch: epoch + 1, from, to, node: `${to}-1`, primary: 'pg-1', movedAt: '', writtenAt: time },
  ].slice(-50);
}

function targetsOf(env: Readonly<Record<string, string>>): readonly NotifyTarget[] {
  const loaded = loadConfig({ ...ENV, ...env }, () => '');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config.followers[0].notify;
}

/** One leadership: a signal that takes over what the report holds. */
function lead(env: Readonly<Record<string, string>> = {}, ownClock: Clock = clock) {
  const leadership = new TestLeadership();
  const signal = new NotifySignal({
    follower: 'default',
    source: '/kube-site-follower/ops/default',
    targets: targetsOf(env),
    clock: ownClock,
    random: new SeededRandom('notify').next,
    post: (request) => {
      requests.push({ ...request, at: clock.elapsed() });
      const { retryAfterMs, ...rest } = { retryAfterMs: undefined, ...unlessError(answer()) };
      return Promise.resolve({ ...rest, retryAfterMs });
    },
    report: {
      get history() {
        return history;
      },
      // As a ConfigMap keeps it.
      get: (section) => JSON.parse(JSON.stringify(sections.get(section) ?? null)) as unknown,
      set: (section, value) => sections.set(section, value),
    },
    observer: {
      onOutcome: (target, outcome, problem) => outcomes.push(`${target} ${outcome} ${problem}`.trim()),
      onQueue: () => undefined,
    },
  });
  const ended = signal.watch(() => undefined, leadership.abort);
  return {
    leadership,
    apply: async (): Promise<string> => {
      const applied = signal.apply({ follower: 'default', status, site: SITE }, leadership).then(
        () => '',
        (error: unknown) => String(error),
      );
      await clock.advance(0);
      return applied;
    },
    end: async () => {
      leadership.end();
      await ended;
    },
  };
}

function unlessError<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function events(): CloudEvent[] {
  return requests.map(({ body }) => JSON.parse(body) as CloudEvent);
}

function types(): string[] {
  return events().map(({ type }) => type.replace('site-follower.', ''));
}

describe('what is told', () => {
  test('first that the target is connected, then each change of site, in one signed CloudEvent each', async () => {
    const { apply } = lead();
    await apply();
    await clock.advance(5_000);
    move('eu');
    await apply();
    assert.deepEqual(types(), ['connected', 'site-changed']);
    const [, request] = requests;
    assert.ok(request);
    assert.equal(request.url, 'https://hooks.example/T0KEN');
    assert.equal(request.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    assert.deepEqual(JSON.parse(request.body), {
      specversion: '1.0',
      id: request.headers['webhook-id'],
      source: '/kube-site-follower/ops/default',
      type: 'site-follower.site-changed',
      subject: 'default',
      time: '2026-01-01T00:00:05.000Z',
      datacontenttype: 'application/json',
      data: {
        follower: 'default',
        epoch: 2,
        activeSite: 'eu',
        previousSite: 'us',
        activeNode: 'eu-1',
        primary: 'pg-1',
        phase: 'Settled',
        reason: '',
      },
    });
    assert.equal(request.headers['webhook-timestamp'], String(Date.UTC(2026, 0, 1, 0, 0, 5) / 1000));
  });

  test('every change, also those between two applications, and none twice', async () => {
    const { apply } = lead();
    await apply();
    for (const site of ['eu', 'us', 'eu']) move(site);
    await apply();
    await apply();
    await clock.advance(3_600_000);
    assert.deepEqual(types(), ['connected', 'site-changed', 'site-changed', 'site-changed']);
    assert.deepEqual(
      events()
        .map(({ data }) => data.epoch)
        .slice(1),
      [2, 3, 4],
    );
    assert.equal(new Set(events().map(({ id }) => id)).size, 4);
  });

  test('a hold after a minute and its end, but not the seconds that each failover takes', async () => {
    const { apply } = lead();
    await apply();
    const hold = (reason: string) => {
      status = { ...status, phase: reason === '' ? 'Settled' : 'Held', reason };
      return apply();
    };
    await hold('PrimaryPending: the operator is choosing');
    await clock.advance(59_000);
    await apply();
    await hold('');
    assert.deepEqual(types(), ['connected']);

    await hold('PodNotFound: pod pg-1 does not exist');
    await clock.advance(60_000);
    await hold('PodWithoutNode: pod pg-1 has no node');
    await clock.advance(600_000);
    await apply();
    await hold('');
    assert.deepEqual(types(), ['connected', 'held', 'settled']);
    assert.equal(events()[1]?.data.reason, 'PodWithoutNode: pod pg-1 has no node');
  });

  test('a hold also while the service says that it moves, but not a move itself', async () => {
    const { apply } = lead();
    await apply();
    for (const reason of ['Moving: to pg-2', 'PodNotFound: gone']) {
      status = { ...status, phase: 'Transitioning', reason };
      await apply();
      await clock.advance(60_000);
      await apply();
    }
    assert.deepEqual(types(), ['connected', 'held']);
    assert.equal(events()[1]?.data.reason, 'PodNotFound: gone');
  });

  test('a hold not before its minute is over, though the next leader’s clock is ahead', async () => {
    const first = lead();
    await first.apply();
    status = { ...status, phase: 'Held', reason: 'PodNotFound: gone' };
    await first.apply();
    await clock.advance(2_000);
    await first.end();
    const next = lead({}, clock.process({ skew: 120_000, origin: 99 }));
    await next.apply();
    await clock.advance(58_000);
    await next.apply();
    assert.deepEqual(types(), ['connected']);
    await clock.advance(2_000);
    await next.apply();
    assert.deepEqual(types(), ['connected', 'held']);
    await next.end();
  });

  test('a hold that ends in another site is told as that alone', async () => {
    const { apply } = lead();
    await apply();
    status = { ...status, phase: 'Held', reason: 'PodNotFound: gone' };
    await apply();
    await clock.advance(60_000);
    await apply();
    move('eu');
    status = { ...status, phase: 'Settled', reason: '' };
    await apply();
    assert.deepEqual(types(), ['connected', 'held', 'site-changed']);
  });
});

describe('a target that fails', () => {
  test('has its hour with a leader whose clock is hours ahead', async () => {
    answer = () => ({ status: 503 });
    const first = lead();
    await first.apply();
    await first.end();
    const next = lead({}, clock.process({ skew: 7_200_000, origin: 99 }));
    await next.apply();
    await clock.advance(3_000_000);
    assert.equal(
      outcomes.some((outcome) => outcome.includes('given up')),
      false,
    );
    await clock.advance(900_000);
    assert.equal(outcomes.at(-1), 'on-call given up answered 503');
    await next.end();
  });

  test('is tried again for an hour with the same id and body, ever more slowly, each time signed again', async () => {
    answer = () => ({ status: 503 });
    const { apply } = lead();
    await apply();
    assert.match(await apply(), /on-call: answered 503, 1 waiting/);
    await clock.advance(3 * 3_600_000);
    assert.equal(new Set(requests.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.equal(new Set(requests.map(({ body }) => body)).size, 1);
    assert.ok(requests.length > 12 && requests.length < 30, `${requests.length} attempts`);
    const last = requests.at(-1)?.at ?? 0;
    assert.ok(last <= 3_600_000 && last > 3_000_000, `given up after ${last} ms`);
    const gaps = requests.slice(1).map(({ at }, index) => at - (requests[index]?.at ?? 0));
    assert.ok((gaps[0] ?? 0) >= 1_000 && (gaps[0] ?? 0) <= 2_000 && gaps.every((gap) => gap <= 300_000));
    for (const { headers, at } of requests) {
      assert.equal(headers['webhook-timestamp'], String(Math.floor((Date.UTC(2026, 0, 1) + at) / 1000)));
    }
    assert.equal(outcomes.at(-1), 'on-call given up answered 503');
    assert.equal(await apply(), '', 'what was given up is no trouble any more');
  });

  test('gets all that waits in order as soon as it answers', async () => {
    answer = () => new PostError('no answer (ECONNREFUSED)');
    const { apply } = lead();
    await apply();
    move('eu');
    move('us');
    await apply();
    await clock.advance(20_000);
    answer = () => ({ status: 200 });
    await clock.advance(60_000);
    const delivered = types().slice(-3);
    assert.deepEqual(delivered, ['connected', 'site-changed', 'site-changed']);
    assert.equal(await apply(), '');
  });

  test('is waited for as long as it asks, but not for ever', async () => {
    answer = () => ({ status: 429, retryAfterMs: 120_000 });
    const { apply } = lead();
    await apply();
    await clock.advance(119_000);
    assert.equal(requests.length, 1);
    answer = () => ({ status: 503, retryAfterMs: 99_999_000 });
    await clock.advance(2_000);
    assert.equal(requests.length, 2);
    await clock.advance(900_000);
    assert.equal(requests.length, 3);
  });

  test('with a redirect is not followed', async () => {
    answer = () => ({ status: 302 });
    await lead().apply();
    assert.match(outcomes.join(), /failed answered 302: a redirect, which is not followed/);
  });

  for (const refusal of [400, 410, 413, 422]) {
    test(`for good with ${refusal} is not asked again about that, and then told the next`, async () => {
      answer = () => ({ status: requests.length === 1 ? refusal : 204 });
      const { apply } = lead();
      await apply();
      move('eu');
      await apply();
      await clock.advance(300_000);
      assert.deepEqual(types(), ['connected', 'site-changed']);
      assert.deepEqual(outcomes, [`on-call given up answered ${refusal}`, 'on-call delivered']);
    });
  }

  test('delays no other target', async () => {
    const two = {
      NOTIFY: JSON.stringify(
        ['a', 'b'].map((name) => ({
          name,
          url: `https://${name}.example/`,
          secrets: [{ env: 'ON_CALL_SECRET' }],
        })),
      ),
    };
    answer = () =>
      requests.at(-1)?.url.includes('a.example') ? new PostError('no answer') : { status: 204 };
    const { apply } = lead(two);
    await apply();
    move('eu');
    await apply();
    const toB = requests.filter(({ url }) => url.includes('b.example'));
    assert.deepEqual(
      toB.map(({ body }) => (JSON.parse(body) as CloudEvent).type),
      ['site-follower.connected', 'site-follower.site-changed'],
    );
  });

  test('keeps a bounded queue: the oldest make room', async () => {
    answer = () => new PostError('no answer');
    const { apply } = lead();
    await apply();
    for (let count = 0; count < 40; count++) {
      move(count % 2 === 0 ? 'eu' : 'us');
      await apply();
    }
    const { targets } = sections.get('notify') as {
      targets: Record<string, { waiting: unknown[]; dropped: number }>;
    };
    assert.equal(targets['on-call']?.waiting.length, MOST_WAITING);
    assert.equal(targets['on-call']?.dropped, 41 - MOST_WAITING);
    answer = () => ({ status: 200 });
    requests = [];
    await clock.advance(600_000);
    assert.deepEqual(
      [...new Set(events().map(({ data }) => data.epoch))].slice(-MOST_WAITING),
      Array.from({ length: MOST_WAITING }, (_, index) => 41 - MOST_WAITING + 1 + index),
    );
  });
});

describe('another leader', () => {
  test('sends nothing again that was delivered, and goes on with what was not, under the same id', async () => {
    const first = lead();
    await first.apply();
    answer = () => ({ status: 500 });
    move('eu');
    await first.apply();
    await first.end();
    const id = events().at(-1)?.id;
    requests = [];
    answer = () => ({ status: 204 });
    const second = lead();
    await second.apply();
    assert.deepEqual(
      events().map((event) => event.id),
      [id],
    );
    await second.end();
    requests = [];
    await lead().apply();
    assert.deepEqual(requests, []);
  });

  test('tells what its predecessor could not even queue', async () => {
    const first = lead();
    await first.apply();
    await first.end();
    move('eu');
    move('us');
    await lead().apply();
    assert.deepEqual(types(), ['connected', 'site-changed', 'site-changed']);
  });

  test('that has lost the Lease without knowing sends nothing', async () => {
    const deposed = lead();
    deposed.leadership.held = false;
    await deposed.apply();
    assert.deepEqual(requests, []);
  });

  test('begins again where the report was edited into garbage', async () => {
    for (const garbage of [
      null,
      7,
      [],
      { targets: [] },
      { targets: { 'on-call': { epoch: 'x' } }, hold: 7 },
    ]) {
      requests = [];
      sections.set('notify', garbage);
      const leader = lead();
      await leader.apply();
      assert.deepEqual(types(), ['connected'], JSON.stringify(garbage));
      await leader.end();
    }
  });

  test('tells a new target that it is connected, and forgets one that is not configured any more', async () => {
    const first = lead();
    await first.apply();
    await first.end();
    await lead({ NOTIFY: ENV.NOTIFY.replace('on-call', 'others') }).apply();
    assert.deepEqual(types(), ['connected', 'connected']);
    assert.deepEqual(Object.keys((sections.get('notify') as { targets: object }).targets), ['others']);
  });
});

test('the report holds neither URL nor secret', async () => {
  answer = () => new PostError('no answer (ECONNREFUSED)');
  await lead().apply();
  assert.doesNotMatch(JSON.stringify([...sections]), /T0KEN|hooks\.example|whsec|BQUF/);
});

test('both secrets of a rotation sign', async () => {
  const older = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
  const both = {
    NOTIFY: ENV.NOTIFY.replace('}]}]', '},{"env":"OLDER"}]}]'),
    OLDER: older,
  };
  await lead(both).apply();
  const [request] = requests;
  assert.ok(request);
  // The clock of the test is not the verifier's: only the signatures are compared.
  const at = new Date(Number(request.headers['webhook-timestamp']) * 1_000);
  const signatures = [SECRET, older].map((secret) =>
    new Webhook(secret).sign(request.headers['webhook-id'] ?? '', at, request.body),
  );
  assert.equal(request.headers['webhook-signature'], signatures.join(' '));
});
