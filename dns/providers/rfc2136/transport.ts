import { connect, type Socket } from 'node:net';
import { explain } from '../../../runtime/explain.ts';
import type { ServerAddress } from '../../records/server-address.ts';

/** The server has closed the connection before it had answered everything. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
}

/** A TCP connection to a name server. Answers may come out of order (RFC 7766 section 7). */
export class DnsConnection {
  readonly #socket: Socket;
  readonly #inbox: AsyncIterator<Buffer>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#inbox = messages(socket)[Symbol.asyncIterator]();
  }

  /** Runs `use` on a new connection, which is closed afterwards or when `abort` fires. */
  static async with<T>(
    { host, port }: ServerAddress,
    abort: AbortSignal,
    use: (connection: DnsConnection) => Promise<T>,
  ): Promise<T> {
    abort.throwIfAborted();
    const socket = connect({ host, port });
    const end = () => socket.destroy();
    abort.addEventListener('abort', end, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve).once('error', reject);
        socket.once('close', () => reject(new Error('the connection was closed')));
      });
      return await use(new DnsConnection(socket));
    } finally {
      abort.removeEventListener('abort', end);
      socket.destroy();
    }
  }

  send(message: Buffer): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    this.#socket.write(Buffer.concat([length, message]));
  }

  /** The next message, or the reason why there is none. */
  async receive(): Promise<Buffer | ClosedError> {
    try {
      const next = await this.#inbox.next();
      return next.done ? new ClosedError('the server closed the connection without an answer') : next.value;
    } catch (error) {
      return new ClosedError(explain(error), { cause: error });
    }
  }
}

/** Holds at most one message of 64 KiB and one chunk. Rejects when the last one is not whole. */
async function* messages(socket: Socket): AsyncGenerator<Buffer, void> {
  let held = Buffer.alloc(0);
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk as Buffer]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      yield held.subarray(2, end);
      held = held.subarray(end);
    }
  }
  if (held.length === 0) return;
  const whole = held.length < 2 ? 'its' : String(2 + held.readUInt16BE(0));
  throw new Error(
    `the server closed the connection in the middle of an answer, after ${held.length} of ${whole} bytes`,
  );
}
