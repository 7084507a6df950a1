import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { explain } from '../runtime/explain.ts';
import { createAuthority } from '../test/support/certificates.ts';
import { FakeApiServer, watchReply } from '../test/support/fake-api-server.ts';
import { listenOnLoopback } from '../test/support/loopback.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import type { WatchEvent } from './api.ts';
import { connect, type KubeConnection } from './client.ts';
import { isConflict, isGone, isNotFound, KubeError } from './errors.ts';
import type { ApiCall } from './exchange.ts';
import { type KubeConfig, loadKube } from './kube-config.ts';
import { CONFIG_MAPS, type ConfigMap, LEASES, NODES } from './resources.ts';

const KEY = { namespace: 'here', name: 'status' };
const MAP: ConfigMap = { metadata: { ...KEY, resourceVersion: '7' }, data: { a: 'b' } };
const WATCH = { namespace: 'here', resourceVersion: '7', timeoutSeconds: 300 };

describe('the API client', () => {
  let server: FakeApiServer;
  let folder: string;
  let kubeConfig: KubeConfig;
  let api: KubeConnection;
  let calls: ApiCall[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-test-'));
    server = await FakeApiServer.start();
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    server.reset();
    kubeConfig = await configOf(server.kubeconfig);
    calls = [];
    api = connect({ kubeConfig, clock: systemClock, onCall: (call) => calls.push(call) });
  });
  afterEach(() => api.close());

  async function configOf(text: string): Promise<KubeConfig> {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, text);
    return loadKube({ KUBECONFIG: file }).kubeConfig;
  }

  async function failureOf(promise: Promise<unknown>): Promise<KubeError> {
    const error: unknown = await promise.then(
      () => assert.fail('expected a failure'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof KubeError, `not a KubeError: ${explain(error)}`);
    return error;
  }

  async function watched(): Promise<WatchEvent<ConfigMap>[]> {
    const events: WatchEvent<ConfigMap>[] = [];
    for await (const event of api.watch(CONFIG_MAPS, WATCH)) events.push(event);
    return events;
  }

  // Two, because a pooled connection is free again only one turn of the event loop after its answer.
  it('needs no more than two connections for 300 reads one after the other', async () => {
    server.reply = () => ({ json: MAP });
    for (let count = 0; count < 300; count += 1) await api.get(CONFIG_MAPS, KEY);
    assert.ok(server.connections <= 2, `${server.connections} connections`);
    assert.equal(server.requests.length, 300);
    assert.equal(calls.length, 300);
  });

  it('says who it is and what it reads', async () => {
    server.reply = () => ({ json: MAP });
    const map = await api.get(CONFIG_MAPS, KEY);
    assert.deepEqual(map, { apiVersion: 'v1', kind: 'ConfigMap', ...MAP });
    const [request] = server.requests;
    assert.equal(request?.method, 'GET');
    assert.equal(request?.path, '/api/v1/namespaces/here/configmaps/status');
    assert.equal(request?.headers['user-agent'], 'kube-site-follower');
    assert.deepEqual(
      calls.map(({ method, resource, status }) => ({ method, resource, status })),
      [{ method: 'get', resource: 'configmaps', status: 200 }],
    );
  });

  it('lists in pages, metadata alone when that is enough', async () => {
    server.reply = () => ({
      json: { metadata: { resourceVersion: '9', continue: 'more' }, items: [{ metadata: { name: 'one' } }] },
    });
    const page = await api.list(NODES, {
      limit: 2,
      continue: 'from',
      labelSelector: 'a=b',
      metadataOnly: true,
    });
    assert.deepEqual(page, {
      items: [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' } }],
      resourceVersion: '9',
      bytes: 92,
      continue: 'more',
    });
    const [request] = server.requests;
    assert.equal(request?.path, '/api/v1/nodes');
    assert.deepEqual(Object.fromEntries(request?.query ?? []), {
      limit: '2',
      continue: 'from',
      labelSelector: 'a=b',
    });
    assert.equal(request?.headers.accept, 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });

  it('writes with the kind in it, and with the right content type for each patch', async () => {
    server.reply = ({ body }) => ({ json: JSON.parse(body) });
    await api.create(CONFIG_MAPS, { metadata: KEY });
    await api.replace(LEASES, { metadata: KEY });
    await api.patch(CONFIG_MAPS, KEY, { data: {} }, { type: 'merge', subresource: 'status' });
    await api.patch(CONFIG_MAPS, KEY, [], { type: 'json' });
    await api.patch(CONFIG_MAPS, KEY, {}, { type: 'apply', fieldManager: 'me', force: true });
    await api.delete(CONFIG_MAPS, KEY, { uid: 'u', resourceVersion: '3' });
    assert.deepEqual(
      server.requests.map(({ method, path, query, headers, body }) =>
        [method, path + (query.size > 0 ? `?${query.toString()}` : ''), headers['content-type'], body].join(
          ' ',
        ),
      ),
      [
        'POST /api/v1/namespaces/here/configmaps application/json {"metadata":{"namespace":"here","name":"status"},"apiVersion":"v1","kind":"ConfigMap"}',
        'PUT /apis/coordination.k8s.io/v1/namespaces/here/leases/status application/json {"metadata":{"namespace":"here","name":"status"},"apiVersion":"coordination.k8s.io/v1","kind":"Lease"}',
        'PATCH /api/v1/namespaces/here/configmaps/status/status application/merge-patch+json {"data":{}}',
        'PATCH /api/v1/namespaces/here/configmaps/status application/json-patch+json []',
        'PATCH /api/v1/namespaces/here/configmaps/status?fieldManager=me&force=true application/apply-patch+yaml {}',
        'DELETE /api/v1/namespaces/here/configmaps/status application/json {"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u","resourceVersion":"3"}}',
      ],
    );
  });

  it('makes one kind of error of every failed answer', async () => {
    const status = {
      kind: 'Status',
      message: 'configmaps "status" not found',
      reason: 'NotFound',
      code: 404,
    };
    server.reply = () => ({ status: 404, json: status, headers: { 'retry-after': '3' } });
    const error = await failureOf(api.list(CONFIG_MAPS, { namespace: 'here', continue: 'secret-token' }));
    assert.equal(
      error.message,
      'GET /api/v1/namespaces/here/configmaps failed with 404: configmaps "status" not found',
    );
    assert.ok(isNotFound(error));
    assert.equal(error.retryAfterMs, 3_000);
    assert.equal(calls[0]?.status, 404);

    // By the clock of the server, years from this one.
    const headers = {
      date: 'Sun, 06 Nov 1994 08:49:37 GMT',
      'retry-after': 'Sun, 06 Nov 1994 08:49:44 GMT',
    };
    server.reply = () => ({ status: 503, json: {}, headers });
    assert.equal((await failureOf(api.get(CONFIG_MAPS, KEY))).retryAfterMs, 7_000);

    server.reply = () => ({ status: 409, json: { kind: 'Status', reason: 'Conflict', code: 409 } });
    assert.ok(isConflict(await failureOf(api.replace(CONFIG_MAPS, MAP))));

    server.reply = () => ({ status: 502, text: '<html>bad gateway</html>' });
    const proxied = await failureOf(api.get(CONFIG_MAPS, KEY));
    assert.equal(proxied.status, 502);
    assert.equal(proxied.reason, 'Unknown');
  });

  it('fails a call that hangs at its time limit, and uses a new connection for the next', async () => {
    server.reply = () => ({ json: MAP });
    await api.get(CONFIG_MAPS, KEY);
    server.reply = ({ method }) => (method === 'PUT' ? 'hang' : { json: MAP });
    const error = await failureOf(api.replace(CONFIG_MAPS, MAP, { timeoutMs: 50 }));
    assert.equal(error.status, 0);
    assert.equal(error.reason, 'NoAnswer');
    // What was asked is said once, though the time limit says it as well.
    const said = 'PUT /api/v1/namespaces/here/configmaps/status gave no answer within 50 ms';
    assert.deepEqual([error.message, explain(error)], [said, said]);
    const before = server.connections;
    await api.get(CONFIG_MAPS, KEY);
    assert.equal(server.requests.at(-1)?.connection, before + 1);
  });

  it('fails at its time limit also when the answer stops in the middle', async () => {
    server.reply = () => ({ pieces: ['{"metadata":'], ending: 'silence' });
    const error = await failureOf(api.get(CONFIG_MAPS, KEY, { timeoutMs: 50 }));
    assert.equal(error.reason, 'NoAnswer');
    assert.match(error.message, /^GET \S+ gave no answer within 50 ms$/);
  });

  it('leaves the abort reason of the caller as it is', async () => {
    server.reply = () => 'hang';
    const reason = new Error('enough');
    const controller = new AbortController();
    const hanging = api.get(CONFIG_MAPS, KEY, { abort: controller.signal });
    controller.abort(reason);
    await assert.rejects(hanging, reason);
    await assert.rejects(api.get(CONFIG_MAPS, KEY, { abort: controller.signal }), reason);
    assert.deepEqual(calls, []);
  });

  it('repeats a read once when its connection is cut, and never a write', async () => {
    let cuts = 1;
    server.reply = () => (cuts-- > 0 ? 'reset' : { json: MAP });
    await api.get(CONFIG_MAPS, KEY);
    assert.equal(server.requests.length, 2);
    cuts = 2;
    assert.equal((await failureOf(api.get(CONFIG_MAPS, KEY))).reason, 'NoAnswer');
    assert.equal(server.requests.length, 4);
    cuts = 1;
    assert.equal((await failureOf(api.replace(CONFIG_MAPS, MAP))).reason, 'NoAnswer');
    assert.equal(server.requests.length, 5);
  });

  it('says what to do when nothing listens', async () => {
    const gone = await FakeApiServer.start();
    await gone.stop();
    const [cluster] = kubeConfig.clusters;
    assert.ok(cluster);
    kubeConfig.clusters = [{ ...cluster, server: gone.url }];
    const error = await failureOf(api.get(CONFIG_MAPS, KEY));
    assert.match(
      error.message,
      /got no answer: connect ECONNREFUSED .* \(nothing listens there: is the API server up/,
    );
    assert.equal(explain(error), error.message);
  });

  it('says so when the certificate authority is another', async () => {
    const other = await createAuthority();
    const [cluster] = kubeConfig.clusters;
    assert.ok(cluster);
    kubeConfig.clusters = [{ ...cluster, caData: Buffer.from(other.certificate).toString('base64') }];
    const error = await failureOf(api.get(CONFIG_MAPS, KEY));
    assert.match(error.message, /the certificate authority in the kubeconfig does not fit this server/);
  });

  it('takes a new certificate authority without disturbing a watch', async () => {
    const added = { type: 'ADDED', object: MAP };
    server.reply = ({ query }) => (query.has('watch') ? watchReply([added], 'silence') : { json: MAP });
    const [cluster] = kubeConfig.clusters;
    assert.ok(cluster);
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, server.authority.certificate);
    kubeConfig.clusters = [{ name: cluster.name, server: cluster.server, skipTLSVerify: false, caFile }];
    const events = api.watch(CONFIG_MAPS, WATCH)[Symbol.asyncIterator]();
    assert.equal((await events.next()).value?.type, 'ADDED');

    await writeFile(caFile, server.authority.certificate.repeat(2));
    for (let count = 0; count < 10; count += 1) await api.get(CONFIG_MAPS, KEY);
    assert.ok(server.requests.slice(1).every(({ connection }) => connection > 1));
    assert.equal(await Promise.race([events.next(), Promise.resolve('nothing yet')]), 'nothing yet');
    assert.equal(server.openConnections, server.connections);
  });

  it('goes through the proxy of the kubeconfig', async () => {
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connectTcp(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      upstream.pipe(socket).pipe(upstream);
      socket.on('error', () => upstream.destroy());
    });
    const proxyPort = await listenOnLoopback(proxy);
    try {
      const [cluster] = kubeConfig.clusters;
      assert.ok(cluster);
      const proxyUrl = `http://127.0.0.1:${proxyPort}`;
      kubeConfig.clusters = [{ ...cluster, proxyUrl }];
      server.reply = () => ({ json: MAP });
      for (let count = 0; count < 3; count += 1) await api.get(CONFIG_MAPS, KEY);
      assert.deepEqual([...new Set(tunnels)], [new URL(server.url).host]);
      assert.ok(tunnels.length <= 2);
    } finally {
      await api.close();
      proxy.close();
    }
  });

  it('refuses answers that no API server sends', async () => {
    server.reply = () => ({ text: '<html>log in</html>' });
    assert.equal((await failureOf(api.get(CONFIG_MAPS, KEY))).reason, 'NotJson');
  });

  it('refuses an answer that would fill the memory', async () => {
    const megabyte = 'x'.repeat(1024 * 1024);
    server.reply = () => ({ pieces: Array.from({ length: 65 }, () => megabyte), ending: 'end' });
    // So much may take longer than a call may on a machine that does other things as well.
    assert.equal((await failureOf(api.get(CONFIG_MAPS, KEY, { timeoutMs: 60_000 }))).reason, 'TooLarge');
  });

  it('refuses a namespaced object without a namespace before it asks', async () => {
    await assert.rejects(api.get(CONFIG_MAPS, { name: 'x' }), TypeError);
    await assert.rejects(api.delete(CONFIG_MAPS, { namespace: 'here', name: '' }), TypeError);
    assert.equal(server.requests.length, 0);
  });

  describe('watching', () => {
    const event = (type: string, resourceVersion: string) => ({
      type,
      object: { metadata: { ...KEY, resourceVersion } },
    });

    it('yields events and bookmarks until the server ends the watch', async () => {
      server.reply = () => watchReply([event('ADDED', '8'), event('BOOKMARK', '9')], 'end');
      const events = await watched();
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion} ${object.kind}`),
        ['ADDED 8 ConfigMap', 'BOOKMARK 9 ConfigMap'],
      );
      assert.deepEqual(Object.fromEntries(server.requests[0]?.query ?? []), {
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: '7',
        timeoutSeconds: '300',
      });
      assert.deepEqual(
        calls.map(({ method, status }) => [method, status]),
        [['watch', 200]],
      );
    });

    it('puts events together however the network cuts them', async () => {
      const text = [event('ADDED', '8'), event('MODIFIED', '9')]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join('');
      for (let cut = 1; cut < text.length; cut += 7) {
        server.reply = () => ({ pieces: [text.slice(0, cut), text.slice(cut)], ending: 'end' });
        assert.equal((await watched()).length, 2);
      }
    });

    it('throws 410 in both of its forms', async () => {
      const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      server.reply = () => watchReply([{ type: 'ERROR', object: expired }], 'silence');
      assert.ok(isGone(await failureOf(watched())));
      server.reply = () => ({ status: 410, json: expired });
      assert.ok(isGone(await failureOf(watched())));
    });

    it('throws other errors of the server, and what is cut off', async () => {
      const internal = { kind: 'Status', code: 500, reason: 'InternalError', message: 'etcd is away' };
      server.reply = () => watchReply([{ type: 'ERROR', object: internal }], 'end');
      assert.match((await failureOf(watched())).message, /ended by the server with 500: etcd is away/);
      server.reply = () => ({ pieces: ['{"type":"ADDED","obj'], ending: 'end' });
      assert.equal((await failureOf(watched())).reason, 'NoAnswer');
      server.reply = () => watchReply([event('ADDED', '8')], 'cut');
      assert.equal((await failureOf(watched())).reason, 'NoAnswer');
      server.reply = () => ({ pieces: ['x'.repeat(13 * 1024 * 1024)], ending: 'end' });
      assert.match((await failureOf(watched())).message, /a line of more than/);
    });

    it('ends with the reason of the abort and closes its connection', async () => {
      server.reply = () => watchReply([event('ADDED', '8')], 'silence');
      const controller = new AbortController();
      const seen: string[] = [];
      const following = async () => {
        for await (const { type } of api.watch(CONFIG_MAPS, { ...WATCH, abort: controller.signal })) {
          seen.push(type);
          controller.abort(new Error('enough'));
        }
      };
      await assert.rejects(following(), /enough/);
      assert.deepEqual(seen, ['ADDED']);
      await noConnectionsLeft();
    });

    it('closes its connection when the caller leaves the loop', async () => {
      server.reply = () => watchReply([event('ADDED', '8')], 'silence');
      for await (const { type } of api.watch(CONFIG_MAPS, WATCH)) {
        assert.equal(type, 'ADDED');
        break;
      }
      await noConnectionsLeft();
    });

    it('gives up a watch that does not begin, and closes its connection', async () => {
      const clock = new VirtualClock();
      const patient = connect({ kubeConfig, clock });
      server.reply = () => 'hang';
      const beginning = failureOf(patient.watch(CONFIG_MAPS, WATCH)[Symbol.asyncIterator]().next());
      await turnsUntil(() => server.requests.length === 1, 'the watch was not asked for');
      await clock.advance(10_000);
      assert.match((await beginning).message, /gave no answer within 10000 ms/);
      await noConnectionsLeft();
    });

    function noConnectionsLeft(): Promise<void> {
      return turnsUntil(() => server.openConnections === 0, 'the connection stays open');
    }
  });

  it('ends the calls that have no signal of their own with that of the connection', async () => {
    const stop = new AbortController();
    const connection = connect({ kubeConfig, clock: systemClock, abort: stop.signal });
    const key = { namespace: 'a', name: 'b' };
    const own = { abort: new AbortController().signal };
    server.reply = () => 'hang';
    const without = connection.get(CONFIG_MAPS, key);
    stop.abort(new Error('enough'));
    await assert.rejects(without, /enough/);
    server.reply = () => ({ json: { metadata: key } });
    await assert.rejects(connection.get(CONFIG_MAPS, key), /enough/);
    assert.equal((await connection.get(CONFIG_MAPS, key, own)).metadata.name, 'b');
    await connection.close();
  });

  async function turnsUntil(condition: () => boolean, otherwise: string): Promise<void> {
    for (let turn = 0; !condition(); turn += 1) {
      assert.ok(turn < 100_000, otherwise);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
