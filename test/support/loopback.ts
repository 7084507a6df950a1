import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';

/** What ends with a test, or with whatever else there is. */
export interface Ends {
  after(end: () => unknown): void;
}

/** Has it listen on a free port of this machine, which it gives. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The same until the test ends, with all its connections. */
export function serveOnLoopback(ends: Ends, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  ends.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return listenOnLoopback(server);
}

/** Passes a call on to the server on `port`, and its answer back; the path and the body may be others. */
export function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  {
    port,
    path = incoming.url,
    body,
  }: { readonly port: number; readonly path?: string; readonly body?: string },
): void {
  const { method, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  if (body === undefined) incoming.pipe(onward);
  else onward.end(body);
}
