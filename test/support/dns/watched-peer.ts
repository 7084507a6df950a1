/** Something between a client and its peer, whatever they speak, that lets a test look at the peer before each answer arrives. */
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { type Ends, serveOnLoopback } from '../loopback.ts';

/**
 * Before the peer on `port` of loopback; `host:port`. Every part of an answer waits until `look` has resolved, so that nothing
 * that the client does after an answer is seen before it. Ends with the test.
 */
export async function startWatchedPeer(ends: Ends, port: number, look: () => Promise<void>): Promise<string> {
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port });
    const cut = () => {
      near.destroy();
      far.destroy();
    };
    near.on('close', cut).on('error', cut).pipe(far).on('error', cut);
    // A peer that closes with its last answer, as moto does, is looked at before the client has it.
    pipeline(far, (answer: AsyncIterable<Buffer>) => lookedAt(answer, look), near, cut);
  });
  return `127.0.0.1:${await serveOnLoopback(ends, server)}`;
}

async function* lookedAt(answer: AsyncIterable<Buffer>, look: () => Promise<void>): AsyncGenerator<Buffer> {
  for await (const part of answer) {
    await look();
    yield part;
  }
}
