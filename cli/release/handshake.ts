import { once } from 'node:events';
import { connect } from 'node:tls';

const PORT = 443;
const LIMIT_MS = 5_000;

/** As the API server does before it sends a review. Rejects unless the certificate of the server is of this authority. */
export async function handshake(
  { host, authority }: { readonly host: string; readonly authority: string },
  port = PORT,
): Promise<void> {
  const socket = connect({ host, port, ca: authority, servername: host });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(LIMIT_MS) });
  } catch (error) {
    throw new Error(`https://${host}:${port} does not answer as the API server wants it`, { cause: error });
  } finally {
    socket.destroy();
  }
}
