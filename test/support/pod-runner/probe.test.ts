import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { serveOnLoopback } from '../loopback.ts';
import { verdicts } from './probe.ts';

/** Answers with these, one after the other, the last one for good. 0: never. */
async function serve(t: TestContext, statuses: readonly number[]) {
  let asked = 0;
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(asked, statuses.length - 1)] ?? 0;
    asked += 1;
    if (status !== 0) response.writeHead(status).end();
  });
  return { port: await serveOnLoopback(t, server), asked: () => asked };
}

const PROBE = { periodSeconds: 0.01, timeoutSeconds: 0.2, successThreshold: 1, failureThreshold: 1 };

for (const { name, statuses, thresholds = {}, wanted, asked } of [
  { name: 'a 200 and a 302 pass', statuses: [302, 200, 503], wanted: [true, false], asked: 3 },
  { name: 'a 404 fails', statuses: [404, 200], wanted: [false, true], asked: 2 },
  { name: 'no answer in time fails', statuses: [0, 200], wanted: [false, true], asked: 2 },
  {
    name: 'failures below their threshold change nothing, and begin again after a success',
    statuses: [200, 503, 503, 200, 503, 503, 503],
    thresholds: { failureThreshold: 3 },
    wanted: [true, false],
    asked: 7,
  },
  {
    name: 'so do successes',
    statuses: [503, 200, 503, 200, 200],
    thresholds: { successThreshold: 2 },
    wanted: [false, true],
    asked: 5,
  },
]) {
  test(name, { timeout: 10_000 }, async (t) => {
    const server = await serve(t, statuses);
    const stop = new AbortController();
    const probe = { ...PROBE, ...thresholds, httpGet: { path: '/ready', port: server.port } };
    const seen: boolean[] = [];
    for await (const verdict of verdicts(probe, '127.0.0.1', stop.signal)) {
      seen.push(verdict);
      if (seen.length < wanted.length) continue;
      assert.equal(server.asked(), asked);
      stop.abort();
    }
    assert.deepEqual(seen, wanted);
  });
}

test('nobody listening fails', { timeout: 10_000 }, async (t) => {
  const { port } = await serve(t, [200]);
  const probe = { ...PROBE, httpGet: { path: '/', port } };
  const { value } = await verdicts(probe, '127.0.0.2', new AbortController().signal).next();
  assert.equal(value, false);
});
