import { once } from 'node:events';
import { connect } from 'node:tls';
import { DeadlineError, systemClock, withDeadline } from '../../runtime/clock.ts';

const PORT = 443;
const LIMIT_MS = 5_000;

/** As the API server does before it sends a review. Rejects unless the certificate of the server is of this authority. */
export async function handshake(
  { host, authority }: { readonly host: string; readonly authority: string },
  { port = PORT, limitMs = LIMIT_MS } = {},
): Promise<void> {
  const server = `https://${host}:${port}`;
  const socket = connect({ host, port, ca: authority, servername: host });
  try {
    await withDeadline(systemClock, limitMs, undefined, server, (signal) =>
      once(socket, 'secureConnect', { signal }),
    );
  } catch (error) {
    if (error instanceof DeadlineError) throw error;
    throw new Error(`${server} does not answer as the API server wants it`, { cause: error });
  } finally {
    socket.destroy();
  }
}
