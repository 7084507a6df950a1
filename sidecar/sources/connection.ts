import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import { PROGRAM } from '../../contract/defaults.ts';
import { lines } from '../../kubernetes/lines.ts';
import { delayMs } from '../../runtime/retry-after.ts';
import type { ApiServer } from '../config.ts';

/** An answer other than 200. */
export class ApiError extends Error {
  /** How long the server asked us to wait. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Ten lost probes, one a second, after this: a peer that is gone is noticed within 20 seconds. */
const TCP_KEEP_ALIVE_MS = 10_000;
/** More than the largest ConfigMap. */
const MAX_LINE_BYTES = 3_000_000;

/** GETs from the API server, one at a time, over one connection that is kept. */
export class ApiConnection {
  readonly #server: ApiServer;
  #agent: Agent | undefined;
  #current: ClientRequest | IncomingMessage | undefined;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  /** Resolves to the lines of a 200 when its headers are there. Rejects with ApiError for any other status. */
  async open(path: string): Promise<AsyncGenerator<string, void>> {
    const { host, port, tokenFile, caFile } = this.#server;
    this.#agent ??= new Agent({ keepAlive: true, ca: readFileSync(caFile) });
    // Read again each time: the kubelet renews it before it expires.
    const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
    const headers = { authorization, accept: 'application/json', 'user-agent': `${PROGRAM}-sidecar` };
    const options = { host, port, path, headers, agent: this.#agent };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      this.#current = get(options, resolve)
        .on('socket', (socket) => socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS))
        .on('error', reject);
    });
    this.#current = response;
    const body = lines(response, MAX_LINE_BYTES);
    if (response.statusCode !== 200) throw await errorOf(response, body);
    return body;
  }

  /** Whoever waits for the call under way, or reads its answer, gets `reason`. */
  abort(reason: Error): void {
    this.#current?.destroy(reason);
  }

  /** For after a failure: the next call uses a new connection, and reads the authority again, which may have changed. */
  renew(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }
}

async function errorOf(
  { statusCode, headers }: IncomingMessage,
  body: AsyncGenerator<string>,
): Promise<ApiError> {
  // The API server explains itself in one line of JSON; a proxy may send a page, of which the beginning is enough.
  const { value } = await body.next();
  const hint = statusCode === 403 ? ' (is the RoleBinding of the chart there?)' : '';
  const text = `the API server answered ${statusCode}${hint}: ${String(value).slice(0, 600)}`;
  return new ApiError(text, delayMs(headers['retry-after']) ?? 0);
}
