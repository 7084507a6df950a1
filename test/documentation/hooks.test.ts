import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { blocksOf, documents } from './markdown.ts';

const LIMIT_MS = 10_000;
const POOL = /^import pg from 'pg';$/m;
/** Says what becomes of it. */
const STAND_IN = `const pg = { Pool: class {
  constructor() { this.number = ++made; console.log('made', this.number); }
  query() { return this.number; }
  async end() { console.log('ended', this.number); }
} };
var made = 0;`;

const examples = documents()
  .filter(({ path }) => path === 'docs/draining.md')
  .flatMap(blocksOf)
  .filter(({ language }) => language === 'js')
  .map(({ text }) => text);

/** Runs the example with ports of its own. */
async function run(t: TestContext, text: string) {
  const [app, hook] = [await freePort(), await freePort()];
  const own = text.replaceAll('8080', String(app)).replaceAll('8081', String(hook));
  const child = await startProcess('example', [process.execPath, '--input-type=module', '--eval', own]);
  t.after(() => child.stop(1_000));
  const call = (path: string) => ask(hook, path, { method: 'POST', agent: false });
  await until('it listens', () => call('/resume').then(() => true as const), { timeoutMs: LIMIT_MS });
  return { app, child, call };
}

/** How it answers, and on which connection. */
async function ask(port: number, path: string, options: object) {
  const sent = request({ host: '127.0.0.1', port, path, ...options }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { socket, headers } = response;
  await once(response.resume(), 'end');
  return { socket, connection: headers.connection };
}

describe('the examples of hooks', () => {
  test('are two', () => assert.equal(examples.length, 2));

  test('a server lets its keep-alive clients go while it stands by', async (t) => {
    const { app, call } = await run(t, examples.find((text) => !POOL.test(text)) ?? '');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const get = () => ask(app, '/', { agent });
    const { socket } = await get();
    assert.equal((await get()).socket, socket, 'the connection is kept');
    const closed = once(socket, 'close');
    await call('/drain');
    await closed;
    assert.equal((await get()).connection, 'close');
    await call('/resume');
    assert.equal((await get()).connection, 'keep-alive');
  });

  test('a pool is renewed, and the old one ended', async (t) => {
    const text = examples.find((one) => POOL.test(one)) ?? '';
    const { child, call } = await run(t, text.replace(POOL, STAND_IN));
    await call('/renew');
    const ended = ([word, number]: readonly string[]) => word === 'ended' && number === '2';
    await child.waitForLine((line) => ended(line.split(' ')) || undefined, LIMIT_MS);
    assert.deepEqual(child.lines, ['made 1', 'made 2', 'ended 1', 'made 3', 'ended 2']);
  });
});
