import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { explain } from '../../runtime/explain.ts';
import { createAuthority } from '../../test/support/certificates.ts';
import { handshake } from './handshake.ts';

test('only a certificate of the authority, for this name, will do', async (t) => {
  const [ours, another] = await Promise.all([createAuthority(), createAuthority()]);
  const { certificate: cert, key } = await ours.issue({ name: 'webhook', dns: ['localhost'] });
  const server = createServer({ cert, key }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await handshake({ host: 'localhost', authority: ours.certificate }, port);
  await assert.rejects(handshake({ host: 'localhost', authority: another.certificate }, port), (error) => {
    assert.match(explain(error), /does not answer as the API server wants it: .*certificate/);
    return true;
  });
  await assert.rejects(handshake({ host: '127.0.0.1', authority: ours.certificate }, port));
});
