import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { after, afterEach, test } from 'node:test';
import { Agent, request } from 'undici';
import { createAuthority } from './certificates.ts';
import { ControlPlaneAccess } from './control-plane-access.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { listenOnLoopback } from './loopback.ts';

const authority = await createAuthority();
const admin = await authority.issue({ name: 'admin', groups: ['system:masters'] });
const user = await authority.issue({ name: 'jane', groups: ['devs', 'ops'] });
const serverCertificate = await authority.issue({ name: 'server', ips: ['127.0.0.1'] });

let received: IncomingMessage['headersDistinct'] = {};
let tick: () => void = () => undefined;

/** Answers with what it was sent; a watch gets one line with each tick(). */
const upstream = createServer(
  {
    cert: serverCertificate.certificate,
    key: serverCertificate.key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  },
  (incoming, response) => {
    received = incoming.headersDistinct;
    if (incoming.url?.includes('watch=true') === true) {
      response.writeHead(200).flushHeaders();
      tick = () => response.write('{"type":"ADDED"}\n');
      return;
    }
    response.writeHead(201, { 'x-from': 'upstream' });
    incoming.pipe(response);
  },
);
const upstreamPort = await listenOnLoopback(upstream);

const plane = new ControlPlaneAccess({
  folder: '',
  url: `https://127.0.0.1:${upstreamPort}`,
  hasControllers: false,
  authority,
  admin,
});
const proxy = await startFaultProxy(plane);
const agent = new Agent({
  connect: { ca: authority.certificate, cert: user.certificate, key: user.key },
  headersTimeout: 400,
});

const undo: (() => void)[] = [];
afterEach(() => {
  for (const stop of undo.splice(0)) stop();
});
after(async () => {
  await agent.destroy();
  await proxy.stop();
  upstream.closeAllConnections();
  upstream.close();
});

const PODS = '/api/v1/namespaces/a/pods';
const WATCH = `${PODS}?watch=true`;
const send = (path: string, method: 'GET' | 'POST' = 'GET', body: string | null = null) =>
  request(proxy.url + path, { method, body, dispatcher: agent, headers: { authorization: 'Bearer t' } });
const watch = async () => (await send(WATCH)).body[Symbol.asyncIterator]();
const inject = (...fault: Parameters<typeof proxy.inject>) => undo.push(proxy.inject(...fault));

test('passes requests and answers on as they are', async () => {
  const { statusCode, headers, body } = await send(PODS, 'POST', 'hello');
  assert.deepEqual([statusCode, headers['x-from'], await body.text()], [201, 'upstream', 'hello']);
  assert.deepEqual(received.authorization, ['Bearer t']);
});

test('passes the user of the client certificate on', async () => {
  await (await send(PODS)).body.dump();
  assert.deepEqual(received['impersonate-user'], ['jane']);
  assert.deepEqual(received['impersonate-group'], ['devs', 'ops']);
});

test('passes on no user without a certificate', async () => {
  const bare = new Agent({ connect: { ca: authority.certificate } });
  await (await request(proxy.url + PODS, { dispatcher: bare })).body.dump();
  await bare.close();
  assert.equal(received['impersonate-user'], undefined);
});

test('answers with a status in the form of an API server, only where it matches', async () => {
  inject({ verbs: ['list'], resource: 'pods' }, { kind: 'answer', status: 429, retryAfterSeconds: 3 });
  const refused = await send(PODS);
  assert.equal(refused.statusCode, 429);
  assert.equal(refused.headers['retry-after'], '3');
  const status = (await refused.body.json()) as Record<string, unknown>;
  assert.equal(status.kind, 'Status');
  assert.equal(status.reason, 'TooManyRequests');
  for (const path of [`${PODS}/x`, '/api/v1/nodes']) {
    const { statusCode, body } = await send(path);
    await body.dump();
    assert.equal(statusCode, 201);
  }
});

test('is transparent again when the fault is taken back', async () => {
  const stop = proxy.inject({}, { kind: 'answer', status: 503 });
  stop();
  const { statusCode, body } = await send(PODS);
  await body.dump();
  assert.equal(statusCode, 201);
});

test('ends a watch with an ERROR event', async () => {
  inject({}, { kind: 'error-event', code: 410 });
  const { statusCode, body } = await send(WATCH);
  assert.equal(statusCode, 200);
  const event = (await body.json()) as { type: string; object: { code: number; reason: string } };
  assert.deepEqual([event.type, event.object.code, event.object.reason], ['ERROR', 410, 'Expired']);
  const list = await send(PODS);
  await list.body.dump();
  assert.equal(list.statusCode, 201);
});

test('hangs', async () => {
  inject({ verbs: ['create'] }, { kind: 'hang' });
  await assert.rejects(send(PODS, 'POST', 'x'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
});

test('silences watches under way and new ones, and leaves them open', async () => {
  const running = await watch();
  tick();
  assert.equal(String((await running.next()).value), '{"type":"ADDED"}\n');
  const stop = proxy.inject({ verbs: ['watch'] }, { kind: 'silence' });
  tick();
  const fresh = await watch();
  tick();
  stop();
  tick();
  const first = await Promise.race([
    running.next().then(() => 'running'),
    fresh.next().then(() => 'fresh'),
    // Goes through the proxy behind the ticks, so they would have come by now.
    send(PODS).then(({ body }) => body.dump().then(() => 'nothing')),
  ]);
  assert.equal(first, 'nothing');
  const later = await watch();
  tick();
  assert.equal(String((await later.next()).value), '{"type":"ADDED"}\n');
  await later.return?.();
});

test('cuts every connection and accepts new ones', async () => {
  const running = await watch();
  proxy.cut();
  await assert.rejects(running.next());
  await (await send(PODS)).body.dump();
});

test('is closed and opened at the same address', async () => {
  await proxy.close();
  await assert.rejects(send(PODS), { code: 'ECONNREFUSED' });
  await proxy.open();
  const { statusCode, body } = await send(PODS);
  await body.dump();
  assert.equal(statusCode, 201);
});

test('counts what came, with and without a fault', async () => {
  const before = proxy.count({ resource: 'leases' });
  inject({ resource: 'leases' }, { kind: 'answer', status: 500 });
  await (await send('/apis/coordination.k8s.io/v1/namespaces/a/leases/l')).body.dump();
  await (await send('/apis/coordination.k8s.io/v1/namespaces/a/leases')).body.dump();
  assert.equal(proxy.count({ resource: 'leases' }) - before, 2);
});
