import type { Socket } from 'node:net';
import type { Clock } from '../runtime/clock.ts';

/** With every extension and the largest key shares it has some 2 kB. */
const LONGEST = 16_384;
const HELLO_MS = 5_000;

// RFC 8446, 4 and 5.1: records of a type, a version and a length, and in those handshake messages of a type and a length.
const RECORD_HEADER = 5;
const HANDSHAKE_RECORD = 22;
const MESSAGE_HEADER = 4;
const CLIENT_HELLO = 1;

/**
 * Calls `then` when all of the first message of a TLS client has come, which then is to be read again, or what is none:
 * whoever takes the socket from there says so. Until that has come there is nothing to compute, and who sends none of it, or
 * no end of it, is cut off.
 */
export function afterClientHello(socket: Socket, clock: Clock, then: () => void): void {
  const message = new ClientHello();
  let hello = Buffer.alloc(0);
  const cutOff = () => socket.destroy();
  const cancel = clock.after(HELLO_MS, cutOff);
  const read = (chunk: Buffer) => {
    hello = Buffer.concat([hello, chunk]);
    if (message.isUnfinished(chunk)) {
      if (hello.length > LONGEST) cutOff();
      return;
    }
    cancel();
    socket.off('data', read).off('end', cutOff).pause();
    socket.unshift(hello);
    then();
  };
  socket.on('data', read).on('end', cutOff).on('error', cutOff).on('close', cancel).resume();
}

/** Looks at each byte once: it may come in a packet of its own. */
class ClientHello {
  readonly #record: number[] = [];
  readonly #message: number[] = [];
  /** Of the record and of the message, in bytes. */
  #recordLeft = 0;
  #messageLeft = 0;

  /** Whether more has to come after `chunk`. */
  isUnfinished(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length; ) {
      if (this.#recordLeft === 0) {
        this.#record.push(chunk.readUInt8(at));
        at += 1;
        const [type, , , high = 0, low = 0] = this.#record;
        if (type !== HANDSHAKE_RECORD) return false;
        if (this.#record.length === RECORD_HEADER) {
          this.#recordLeft = high * 256 + low;
          this.#record.length = 0;
        }
      } else if (this.#message.length < MESSAGE_HEADER) {
        this.#message.push(chunk.readUInt8(at));
        at += 1;
        this.#recordLeft -= 1;
        const [type, high = 0, middle = 0, low = 0] = this.#message;
        if (type !== CLIENT_HELLO) return false;
        this.#messageLeft = high * 65_536 + middle * 256 + low;
        if (this.#message.length === MESSAGE_HEADER && this.#messageLeft === 0) return false;
      } else {
        const length = Math.min(this.#recordLeft, chunk.length - at);
        at += length;
        this.#recordLeft -= length;
        this.#messageLeft -= length;
        if (this.#messageLeft <= 0) return false;
      }
    }
    return true;
  }
}
