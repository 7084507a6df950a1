import assert from 'node:assert/strict';
import { createServer as silentServer } from 'node:net';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { explain } from '../../runtime/explain.ts';
import { createAuthority } from '../../test/support/certificates.ts';
import { serveOnLoopback } from '../../test/support/loopback.ts';
import { handshake } from './handshake.ts';

test('only a certificate of the authority, for this name, will do', async (t) => {
  const [ours, another] = await Promise.all([createAuthority(), createAuthority()]);
  const { certificate: cert, key } = await ours.issue({ name: 'webhook', dns: ['localhost'] });
  const port = await serveOnLoopback(t, createServer({ cert, key }));
  await handshake({ host: 'localhost', authority: ours.certificate }, { port });
  await assert.rejects(
    handshake({ host: 'localhost', authority: another.certificate }, { port }),
    (error) => {
      assert.match(explain(error), /does not answer as the API server wants it: .*certificate/);
      return true;
    },
  );
  await assert.rejects(handshake({ host: '127.0.0.1', authority: ours.certificate }, { port }));
});

test('a server that says nothing is told as one, once', async (t) => {
  const port = await serveOnLoopback(t, silentServer());
  await assert.rejects(handshake({ host: 'localhost', authority: '' }, { port, limitMs: 50 }), (error) => {
    assert.equal(explain(error), `https://localhost:${port} gave no answer within 50 ms`);
    return true;
  });
});
