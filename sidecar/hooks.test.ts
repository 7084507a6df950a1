import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { serveOnLoopback } from '../test/support/loopback.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import type { Answer } from './answer.ts';
import { Hooks } from './hooks.ts';

interface Seen {
  readonly path: string;
  readonly method: string;
  readonly body: string;
}

/** An application that answers as the test says; undefined: not at all. */
async function application(t: TestContext, statuses: readonly (number | undefined)[]) {
  const seen: Seen[] = [];
  const news = new EventEmitter<{ seen: [] }>();
  const left = [...statuses];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', method = '' } = request;
      seen.push({ path, method, body: Buffer.concat(chunks).toString() });
      const status = left.length === 0 ? 204 : left.shift();
      const headers = status === 101 ? { connection: 'upgrade', upgrade: 'other' } : {};
      if (status !== undefined) response.writeHead(status, headers).end();
      news.emit('seen');
    });
  });
  const port = await serveOnLoopback(t, server);
  return { seen, port, called: () => once(news, 'seen') };
}

function scene(port: number) {
  const clock = new VirtualClock();
  const logged = new EventEmitter<{ line: [string] }>();
  const lines: string[] = [];
  const hooks = new Hooks(
    { onActive: `${port}/up`, onStandby: `${port}/drain?now`, hookTimeoutMs: 5_000, hookRetries: 2 },
    {
      clock,
      log: (_level, msg, fields) => {
        const { problem = '' } = (fields ?? {}) as { readonly problem?: string };
        lines.push(`${msg} ${problem}`.trim());
        logged.emit('line', msg);
      },
    },
  );
  const tell = (active: boolean, source: Answer['source'] = 'api') =>
    hooks.tell(JSON.stringify({ active, source, epoch: 7 }));
  return { clock, hooks, tell, lines, ended: () => once(logged, 'line') };
}

describe('the application', () => {
  test('is called with the answer when the pod becomes standby or active, and only then', async (t) => {
    const { seen, port } = await application(t, []);
    const { tell, hooks, ended, clock } = scene(port);
    tell(false, 'none');
    for (const active of [true, false]) {
      const end = ended();
      tell(active);
      tell(active);
      await end;
    }
    assert.deepEqual(
      seen.map(({ method, path }) => `${method} ${path}`),
      ['POST /up', 'POST /drain?now'],
    );
    assert.deepEqual(JSON.parse(seen[1]?.body ?? ''), { active: false, source: 'api', epoch: 7 });
    assert.deepEqual(
      [...hooks.counts],
      [
        ['on-active done', 1],
        ['on-standby done', 1],
      ],
    );
    assert.equal(clock.pending, 0);
  });

  test('is called again when it fails, as often as is said', async (t) => {
    const { seen, port } = await application(t, [500, 302, 404, 200]);
    const { tell, hooks, ended, clock, lines } = scene(port);
    let end = ended();
    tell(false);
    for (const wait of [1_000, 2_000]) {
      await end;
      end = ended();
      await clock.advance(wait);
    }
    await end;
    await clock.advance(600_000);
    assert.equal(seen.length, 3);
    assert.deepEqual([...hooks.counts], [['on-standby failed', 3]]);
    assert.deepEqual(
      lines.map((line) => line.replace('application call failed ', '')),
      ['status 500', 'status 302', 'status 404'],
    );
  });

  test('is called again when it wants to speak another protocol', async (t) => {
    const { port } = await application(t, [101]);
    const { tell, hooks, ended, clock, lines } = scene(port);
    const first = ended();
    tell(false);
    await first;
    const second = ended();
    await clock.advance(1_000);
    await second;
    assert.match(lines.join(', '), /call failed the connection was closed, application was called/);
    assert.deepEqual(Object.fromEntries(hooks.counts), { 'on-standby failed': 1, 'on-standby done': 1 });
  });

  test('has a limited time to answer', async (t) => {
    const { port, called, seen } = await application(t, [undefined]);
    const { tell, ended, clock, lines } = scene(port);
    const first = called();
    tell(false);
    await first;
    let end = ended();
    await clock.advance(5_000);
    await end;
    assert.deepEqual(lines, ['application call failed no answer in time']);
    end = ended();
    await clock.advance(1_000);
    await end;
    assert.equal(seen.length, 2);
  });

  test('that does not listen yet is called when it does', async (t) => {
    const { port } = await application(t, []);
    const { tell, ended, lines } = scene(port === 1 ? 2 : 1);
    const end = ended();
    tell(true);
    await end;
    assert.match(lines[0] ?? '', /ECONNREFUSED/);
  });

  test('is not told of a state that is over', async (t) => {
    const { seen, port, called } = await application(t, [undefined, 500]);
    const { tell, ended, clock, hooks } = scene(port);
    const first = called();
    tell(false);
    await first;
    const end = ended();
    tell(true);
    await end;
    hooks.stop();
    await clock.advance(600_000);
    assert.deepEqual(
      seen.map(({ path }) => path),
      ['/drain?now', '/up'],
    );
    assert.equal(clock.pending, 0);
  });
});
