import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { FakeApiServer, type Reply, type SeenRequest, watchReply } from '../test/support/fake-api-server.ts';
import { connect, type KubeConnection } from './client.ts';
import { loadKube } from './kube-config.ts';
import { Reflector } from './reflector.ts';
import { CONFIG_MAPS, type ConfigMap } from './resources.ts';

const LIMIT_MS = 10_000;

interface Situation {
  /** What goes wrong at first; undefined once it is over. `turn` counts requests of this kind from 0. */
  readonly fault: (kind: 'list' | 'watch', turn: number) => Reply | undefined;
  readonly problems: readonly string[];
}

const status = (code: number, reason: string) => ({ kind: 'Status', code, reason, message: reason });
const once = (wanted: 'list' | 'watch', reply: Reply): Situation['fault'] => {
  return (kind, turn) => (kind === wanted && turn === 0 ? reply : undefined);
};
const errorEvent = (code: number, reason: string) =>
  watchReply([{ type: 'ERROR', object: status(code, reason) }], 'end');

/** What informers of other clients are known to die of, or to run hot on. */
const SITUATIONS: Readonly<Record<string, Situation>> = {
  'a watch goes silent': { fault: once('watch', watchReply([], 'silence')), problems: ['silent'] },
  'a watch ends at once': { fault: once('watch', watchReply([], 'end')), problems: ['watch'] },
  'a watch is cut': { fault: once('watch', watchReply([], 'cut')), problems: ['watch'] },
  'a watch fails with 500': {
    fault: once('watch', { status: 500, json: status(500, 'InternalError') }),
    problems: ['watch'],
  },
  'a watch sends an ERROR event 500': {
    fault: once('watch', errorEvent(500, 'InternalError')),
    problems: ['watch'],
  },
  'a watch is expired': {
    fault: once('watch', { status: 410, json: status(410, 'Expired') }),
    problems: ['expired'],
  },
  'a watch sends an ERROR event 410': {
    fault: once('watch', errorEvent(410, 'Expired')),
    problems: ['expired'],
  },
  'a list fails with 500': {
    fault: once('list', { status: 500, json: status(500, 'InternalError') }),
    problems: ['list'],
  },
  // The first is repeated at once by the client.
  'the connection of a list is cut': {
    fault: (kind, turn) => (kind === 'list' && turn < 2 ? 'reset' : undefined),
    problems: ['list'],
  },
};

describe('the reflector over HTTP', { concurrency: true }, () => {
  let server: FakeApiServer;
  let api: KubeConnection;
  let folder: string;
  const handlers = new Map<string, (request: SeenRequest) => Reply>();

  before(async () => {
    server = await FakeApiServer.start();
    server.reply = (request) =>
      handlers.get(request.path.split('/')[4] ?? '')?.(request) ?? { json: {}, status: 404 };
    folder = await mkdtemp(join(tmpdir(), 'reflector-test-'));
    const file = join(folder, 'kubeconfig');
    await writeFile(file, server.kubeconfig);
    api = connect({ kubeConfig: loadKube({ KUBECONFIG: file }).kubeConfig, clock: systemClock });
  });
  after(async () => {
    await api.close();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  for (const [index, [name, { fault, problems }]] of Object.entries(SITUATIONS).entries()) {
    it(`follows on when ${name}`, { timeout: LIMIT_MS }, async () => {
      const namespace = `situation-${index}`;
      const turns = { list: 0, watch: 0 };
      const object = (version: string) => ({
        metadata: { namespace, name: 'map', resourceVersion: version },
      });
      handlers.set(namespace, ({ query }) => {
        const kind = query.has('watch') ? 'watch' : 'list';
        const reply = fault(kind, turns[kind]);
        turns[kind] += 1;
        if (reply !== undefined) return reply;
        if (kind === 'list') return { json: { metadata: { resourceVersion: '9' }, items: [object('1')] } };
        return watchReply([{ type: 'MODIFIED', object: object('9') }], 'silence');
      });
      const stop = new AbortController();
      const told: string[] = [];
      const arrived = Promise.withResolvers<void>();
      const reflector = new Reflector<ConfigMap, string | undefined>({
        api,
        clock: systemClock,
        random: () => 0,
        resource: CONFIG_MAPS,
        namespace,
        inactivityMs: 1_500,
        transform: ({ metadata }) => metadata.resourceVersion,
        onChange: (_key, now) => {
          if (now === '9') arrived.resolve();
        },
        onProblem: (kind) => told.push(kind),
      });
      const running = reflector.run(stop.signal);
      await arrived.promise;
      stop.abort(new Error('the test ended'));
      await running;
      assert.deepEqual(told, problems);
      assert.equal(reflector.get(`${namespace}/map`), '9');
    });
  }
});
