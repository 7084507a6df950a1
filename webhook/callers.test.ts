import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { type Certified, createAuthority } from '../test/support/certificates.ts';
import { until } from '../test/support/until.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { Callers } from './callers.ts';
import { startAdmissionServer } from './server.ts';
import { reviewerBy } from './testing/reviewer.ts';

const HOST = '127.0.0.1';
const LIMIT = { timeoutMs: 10_000 };
const [own, clients, others] = await Promise.all([createAuthority(), createAuthority(), createAuthority()]);
const [leaf, apiServer, kubelet, stranger] = await Promise.all([
  own.issue({ name: 'webhook', ips: [HOST] }),
  clients.issue({ name: 'api-server' }),
  clients.issue({ name: 'system:node:a' }),
  others.issue({ name: 'api-server' }),
]);

async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'callers-'));
  const file = join(folder, 'ca.crt');
  await writeFile(file, clients.certificate);
  const [stop, clock, logged] = [new AbortController(), new VirtualClock(), [] as string[]];
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const callers = new Callers({ file, names: ['api-server', 'api-server-2'] });
  await callers.load();
  const reviewer = reviewerBy(() => ({ kind: 'answered', answer: { reviewed: true } }));
  const server = await startAdmissionServer(
    { callers, reviewer, clock, log, port: 0, path: '/mutate', lingerMs: 0, onAnswer() {}, onRefused() {} },
    stop.signal,
  );
  server.use({ certificate: leaf.certificate, key: leaf.key });
  const following = callers.follow(clock, log, stop.signal);
  t.after(async () => {
    stop.abort();
    await clock.advance(10_000);
    await Promise.all([server.closed, following]);
    await rm(folder, { recursive: true });
  });
  return { port: server.port, file, clock, logged };
}

/** The status and what is said, or why there is none. */
async function ask(port: number, client?: Certified): Promise<string> {
  const identity = client === undefined ? {} : { cert: client.certificate, key: client.key };
  const headers = { 'content-type': 'application/json', 'content-length': '2' };
  const options = {
    host: HOST,
    port,
    path: '/mutate',
    method: 'POST',
    ca: own.certificate,
    agent: false,
    headers,
  };
  const call = request({ ...options, ...identity });
  call.end('{}');
  try {
    const [response] = await once(call, 'response');
    let text = '';
    for await (const part of response) text += part;
    return `${response.statusCode} ${text}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

test('only the API server is admitted, and the log says so once a minute', async (t) => {
  const { port, logged } = await start(t);
  assert.equal(await ask(port, apiServer), '200 {"reviewed":true}');
  assert.match(await ask(port, kubelet), /^403 .*"system:node:a", which is none of WEBHOOK_CLIENT_NAMES/);
  for (const client of [undefined, stranger, undefined])
    assert.match(await ask(port, client), /^E[A-Z0-9_]+$/);
  const told = logged.filter((line) => line.includes('WEBHOOK_CLIENT_CA_FILE'));
  assert.equal(told.length, 1, told.join());
});

test('another authority is taken over while it serves, and a broken file changes nothing', async (t) => {
  const { port, file, clock, logged } = await start(t);
  await writeFile(file, 'no certificate');
  await until(
    'the broken file is told of',
    async () => {
      await clock.advance(5_000);
      return logged.some((line) => line.includes('has no PEM certificate')) || undefined;
    },
    LIMIT,
  );
  assert.equal(await ask(port, apiServer), '200 {"reviewed":true}');
  await writeFile(file, others.certificate);
  await until(
    'the other one is admitted',
    async () => {
      await clock.advance(5_000);
      return (await ask(port, stranger)).startsWith('200') || undefined;
    },
    LIMIT,
  );
  assert.match(await ask(port, apiServer), /^E[A-Z0-9_]+$/);
});

test('without a certificate to go by nothing is served', async () => {
  const absent = new Callers({ file: '/nowhere/ca.crt', names: ['api-server'] });
  await assert.rejects(absent.load(), /WEBHOOK_CLIENT_CA_FILE: \/nowhere\/ca\.crt cannot be read: ENOENT/);
});
