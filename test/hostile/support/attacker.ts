/** Runs in a worker: see attack.ts. */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import { type Attack, NUMBER, STRANGER } from './attack.ts';

const HOST = '127.0.0.1';
const REDIAL_MS = 10;

const {
  port,
  tls = false,
  from = STRANGER,
  spread = false,
  connections,
  first,
  repeat,
  deaf = false,
  lifeMs,
} = workerData as Attack;
const sockets = new Set<Socket>();
let dialled = 0;
let written = 0;
let bytes = 0;
let isOver = false;

for (let index = 0; index < connections; index += 1) dial();
parentPort?.once('message', () => {
  isOver = true;
  for (const socket of sockets) socket.destroy();
  parentPort?.postMessage({ dialled, bytes });
});

function dial(): void {
  if (isOver) return;
  dialled += 1;
  const localAddress = spread ? addressOf(dialled % connections) : from;
  // Whoever attacks does not look at certificates.
  const socket = tls
    ? connectTls({ port, host: HOST, localAddress, rejectUnauthorized: false } as ConnectionOptions)
    : connect({ port, host: HOST, localAddress });
  const write = (text: string) => {
    bytes += text.length;
    written += 1;
    socket.write(text.replaceAll(NUMBER, String(written).padStart(NUMBER.length, '0')));
  };
  const timers: NodeJS.Timeout[] = [];
  sockets.add(socket);
  socket.on(tls ? 'secureConnect' : 'connect', () => {
    if (first !== undefined) write(first);
    if (repeat !== undefined) timers.push(setInterval(() => write(repeat.text), repeat.everyMs));
    if (lifeMs !== undefined) timers.push(setTimeout(() => socket.destroy(), lifeMs));
  });
  socket.on('error', () => undefined); // Cut off: it comes back.
  socket.on('close', () => {
    for (const timer of timers) clearInterval(timer);
    sockets.delete(socket);
    setTimeout(dial, REDIAL_MS);
  });
  if (deaf) socket.pause();
  else socket.resume();
}

/** Of the loopback each may be used; nobody else here has one of these. */
function addressOf(index: number): string {
  return `127.66.${index >> 8}.${index & 255}`;
}
