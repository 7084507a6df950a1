/** What `check --pre` ends with where the cluster tells nothing, as in `check --pre && helm install`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FakeApiServer, type Reply } from '../../test/support/fake-api-server.ts';
import { runCli } from '../testing/terminal.ts';

let server: FakeApiServer;
let folder: string;
before(async () => {
  server = await FakeApiServer.start();
  folder = await mkdtemp(join(tmpdir(), 'check-'));
  await writeFile(join(folder, 'kubeconfig'), server.kubeconfig);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const failure = (code: number, reason: string): Reply => ({
  status: code,
  json: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: reason, reason, code },
});
const ask = () => runCli(['check', '--pre'], { env: { KUBECONFIG: join(folder, 'kubeconfig') } });

test('an API server that is away is told once, and is no success', async () => {
  server.reply = () => 'reset';
  const { code, out, err } = await ask();
  assert.deepEqual([code, out], [3, '']);
  assert.match(err, /^GET \/version got no answer: .*\n$/);
});

test('so are credentials that have expired', async () => {
  server.reply = () => failure(401, 'Unauthorized');
  const { code, out, err } = await ask();
  assert.deepEqual([code, out], [3, '']);
  assert.match(err, /^.* log in again\.\n$/);
});

test('one that does not answer some of the checks is no success', async () => {
  server.reply = ({ path }) => (path === '/version' ? { json: { gitVersion: 'v1.34.4' } } : 'reset');
  const { code, out } = await ask();
  assert.equal(code, 3);
  assert.match(out, /^✓ the API server is Kubernetes 1\.29/);
});

test('what may not be read is told, and hinders nobody', async () => {
  server.reply = () => failure(403, 'Forbidden');
  const { code, out } = await ask();
  assert.equal(code, 0);
  assert.match(out, /\d+ checks not possible\.\n$/);
});
