/**
 * The least that an admission webhook can do: read the body, parse it, answer with the uid. No limits, no decision.
 * What it takes is what TLS, HTTP and node take: the floor for the webhook.
 *
 * `node bench/floor-admission.ts`; certificate and key come as JSON in the environment variable PAIR.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

const { certificate, key } = JSON.parse(process.env.PAIR ?? '') as Record<string, string>;
const server = createServer({ cert: certificate, key }, (request, response) => {
  void json(request).then((review) => {
    const { apiVersion, kind, request: asked } = review as Record<string, { readonly uid: string }>;
    const answer = JSON.stringify({ apiVersion, kind, response: { uid: asked?.uid, allowed: true } });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'serving', port })}\n`);
});
