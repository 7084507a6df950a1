import type { OutboundDispatcher } from '../../runtime/outbound/dispatcher.ts';

/** Codes of undici and of the system. */
const CLOSED: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

type Request = OutboundDispatcher['request'];

/**
 * As the dispatcher's own. But a server or proxy may close an idle connection in the moment in which it is used again: what
 * only reads is sent once more then (RFC 9112, 9.3.1).
 */
export async function request(
  dispatcher: OutboundDispatcher,
  options: Parameters<Request>[0],
  onlyReads = options.method === 'GET',
): Promise<Awaited<ReturnType<Request>>> {
  try {
    return await dispatcher.request(options);
  } catch (error) {
    if (!onlyReads || !isClosed(error)) throw error;
    return dispatcher.request(options);
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CLOSED.includes(error.code);
}
