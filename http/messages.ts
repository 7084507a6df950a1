import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Connections } from './connections.ts';

/** Which bodies are read: none, or those whose length is said ahead. */
export type Bodies = 'none' | 'with-length';

/**
 * Requests as node's parser makes them, which takes all that one read of a socket has brought, 64 kB or some 3,000
 * requests, without anything in between, also after the socket was destroyed. It stops after a head that is an upgrade.
 * So two kinds are told to it as that: a request that came before the last answer was out, and one with a body that
 * nobody reads, which may be of 10,000 chunks.
 */
export function messageClass(connections: Connections, bodies: Bodies) {
  return class Message extends IncomingMessage {
    readonly behind: number;

    constructor(socket: Socket) {
      super(socket);
      this.behind = connections.begin(socket);
    }

    get upgrade(): boolean {
      return this.behind > 1 || this.method === 'CONNECT' || hasUnreadBody(this, bodies);
    }

    /** What the parser says, which knows of the header alone. */
    set upgrade(_: boolean) {}
  };
}

function hasUnreadBody({ headers }: IncomingMessage, bodies: Bodies): boolean {
  return 'transfer-encoding' in headers || (bodies === 'none' && hasBody(headers));
}

export function hasBody(headers: IncomingMessage['headers']): boolean {
  return 'transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0';
}

/** How long who has not taken the last answer is waited for. */
const LAST_ANSWER_MS = 5_000;

/** For the event `upgrade` of a server with that class: `handle` answers, and the connection ends. */
export function answerUnparsed(handle: RequestListener) {
  return (request: IncomingMessage): void => {
    const { socket } = request;
    // A second answer has no way to the socket before the first one is out.
    if (!('behind' in request) || request.behind !== 0) {
      socket.destroy();
      return;
    }
    // Node has taken its own listeners off.
    socket.on('error', () => socket.destroy());
    socket.setTimeout(LAST_ANSWER_MS, () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    handle(request, response);
  };
}
