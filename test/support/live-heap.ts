import { once } from 'node:events';
import { LOOPBACK_DNS } from './loopback-dns.ts';
import type { ChildProcess } from './process.ts';

const LIMIT_MS = 10_000;
const BYTES_PER_MIB = 2 ** 20;

/** Environment for a Node.js process whose heap is to be asked for: its inspector listens on a free loopback port. */
export const INSPECTED = { NODE_OPTIONS: `${LOOPBACK_DNS.NODE_OPTIONS} --inspect=127.0.0.1:0` };

interface Answer {
  readonly id: number;
  readonly result?: { readonly usedSize?: number; readonly backingStorageSize?: number };
  readonly error?: { readonly message: string };
}

/** MiB that are left in the heap, buffers included, when all garbage has been collected. */
export async function liveHeapOf(child: ChildProcess): Promise<number> {
  const url = await child.waitForLine((line) => /Debugger listening on (ws:\S+)/.exec(line)?.[1], LIMIT_MS);
  const socket = new WebSocket(url);
  const abort = AbortSignal.timeout(LIMIT_MS);
  try {
    await once(socket, 'open', { signal: abort });
    await ask(socket, 1, 'HeapProfiler.collectGarbage', abort);
    const { usedSize, backingStorageSize } = await ask(socket, 2, 'Runtime.getHeapUsage', abort);
    if (usedSize === undefined || backingStorageSize === undefined)
      throw new Error('the inspector does not tell the size of the heap');
    return (usedSize + backingStorageSize) / BYTES_PER_MIB;
  } finally {
    socket.close(); // An open one would keep the process from ending.
  }
}

async function ask(
  socket: WebSocket,
  id: number,
  method: string,
  abort: AbortSignal,
): Promise<NonNullable<Answer['result']>> {
  socket.send(JSON.stringify({ id, method }));
  const [{ data }] = (await once(socket, 'message', { signal: abort })) as [{ readonly data: string }];
  const answer = JSON.parse(data) as Answer;
  if (answer.id !== id || answer.result === undefined)
    throw new Error(`${method} was answered with ${answer.error?.message ?? data}`);
  return answer.result;
}
