/** A TCP connection to a server that is far away: each byte arrives later, in both directions. */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ends, serveOnLoopback } from './loopback.ts';

export interface SlowWire {
  /** `host:port` of the near end. */
  readonly address: string;
  /** What went through each connection so far. */
  readonly connections: readonly { asked: number; answered: number }[];
}

/** `roundTripMs` is added to each question and its answer. Ends with the test. */
export async function startSlowWire(ends: Ends, port: number, roundTripMs: number): Promise<SlowWire> {
  const connections: { asked: number; answered: number }[] = [];
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port });
    const bytes = { asked: 0, answered: 0 };
    connections.push(bytes);
    for (const [from, to, direction] of [
      [near, far, 'asked'],
      [far, near, 'answered'],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('data', (chunk: Buffer) => {
        bytes[direction] += chunk.length;
      });
      void carry(from, to, roundTripMs / 2);
    }
  });
  return { address: `127.0.0.1:${await serveOnLoopback(ends, server)}`, connections };
}

/** What comes while something is under way is under way beside it, so only the delay grows and not the rate falls. */
async function carry(from: Socket, to: Socket, ms: number): Promise<void> {
  let last = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    const due = delay(ms);
    last = last.then(() => due).then(() => void to.write(chunk));
  });
  await new Promise((resolve) => from.once('close', resolve));
  await last;
  to.end();
}
