import { once } from 'node:events';
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
