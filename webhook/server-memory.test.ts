import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { systemClock as clock } from '../runtime/clock.ts';
import { until } from '../test/support/until.ts';
import { createAuthority, issueLeaf } from './certificates/authority.ts';
import { startAdmissionServer } from './server.ts';
import { reviewerBy } from './testing/reviewer.ts';

const HOST = '127.0.0.1';
const LIFE_MS = 3_600_000;
const BODY_BYTES = 1_000_000;
const authority = await createAuthority(Date.now(), LIFE_MS);
const leaf = await issueLeaf(authority, [HOST], Date.now(), LIFE_MS);

/** Of all buffers, when all garbage has been collected. */
function bufferBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().arrayBuffers;
}

test('nothing of a large body stays, wherever its client goes away', { timeout: 30_000 }, async (t) => {
  const stop = new AbortController();
  const server = await startAdmissionServer(
    {
      port: 0,
      path: '/mutate',
      reviewer: reviewerBy(() => ({ kind: 'answered', answer: {} })),
      clock,
      log: pino({ enabled: false }),
      lingerMs: 0,
      onAnswer: () => undefined,
      onRefused: () => undefined,
    },
    stop.signal,
  );
  server.use(leaf);
  t.after(async () => {
    stop.abort();
    await server.closed;
  });
  const head = `POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`;
  const review = head + JSON.stringify({ review: true }).padEnd(BODY_BYTES);
  const sent = async (text: string, goes: boolean) => {
    const socket = connect({ host: HOST, port: server.port, ca: authority.certificate });
    socket.on('error', () => undefined); // A reset is a way to close as well.
    await once(socket, 'secureConnect');
    socket.resume().write(text, () => goes && socket.destroy());
    await once(socket, 'close');
  };
  // So that what is made once is there.
  await sent(review, true);
  const before = bufferBytes();
  for (let count = 0; count < 20; count += 1) {
    // The head of a second one, for which the server closes while the first one waits for its turn to be read.
    await sent(review + head, false);
    await sent(review, true);
    await sent(review.slice(0, -1), true);
  }
  await until('the memory is back', () => bufferBytes() < before + 2 * BODY_BYTES || undefined, {
    timeoutMs: 10_000,
  });
});
