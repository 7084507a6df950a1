/** Runs in a worker: see fuzz.ts. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import { SeededRandom } from '../../support/random.ts';
import { STRANGER } from './attack.ts';
import { conversation, type Step } from './conversation.ts';
import type { FuzzOptions, Target } from './fuzz.ts';

const HOST = '127.0.0.1';
const ANSWER_MS = 50;

const { targets, seed, lanes } = workerData as FuzzOptions;
let conversations = 0;
let isOver = false;

parentPort?.once('message', () => {
  isOver = true;
});
await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
parentPort?.postMessage({ conversations });

/** Each lane draws from a stream of its own, so that it says the same again whatever the others do. */
async function run(lane: number): Promise<void> {
  const random = new SeededRandom(`${seed}/${lane}`);
  while (!isOver) {
    const target = random.pick(targets);
    // Also plain text to a TLS port.
    const isSecured = target.tls && random.chance(0.8);
    await converse(target, isSecured, conversation(random));
    conversations += 1;
  }
}

async function converse({ port }: Target, isSecured: boolean, steps: readonly Step[]): Promise<void> {
  const socket = isSecured
    ? connectTls({ port, host: HOST, localAddress: STRANGER, rejectUnauthorized: false } as ConnectionOptions)
    : connect({ port, host: HOST, localAddress: STRANGER });
  socket.on('error', () => undefined); // Cut off, as is its right.
  socket.resume();
  for (const step of steps) await take(socket, step);
  await delay(ANSWER_MS);
  socket.destroy();
}

async function take(socket: Socket, step: Step): Promise<void> {
  switch (step.kind) {
    case 'write':
      socket.write(step.bytes);
      return;
    case 'wait':
      await delay(step.ms);
      return;
    case 'end':
      socket.end();
      return;
    case 'reset':
      // Of what lies below TLS there is no way to it.
      if (socket instanceof TLSSocket) socket.destroy();
      else socket.resetAndDestroy();
  }
}
