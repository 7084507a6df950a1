import type { Server } from 'node:https';
import { type BoundedServer, closeServer, createBoundedTlsServer, portOf } from '../http/server.ts';
import { listenAt } from '../http/serving.ts';
import { aborted, type Clock } from '../runtime/clock.ts';
import type { Pair } from './certificates/authority.ts';
import { type ReviewListenerOptions, reviewListener } from './review-listener.ts';

export interface AdmissionServerOptions extends ReviewListenerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** How long new connections are still accepted after the stop signal. */
  readonly lingerMs: number;
}

export interface AdmissionServer {
  readonly port: number;
  /** For new connections; the open ones stay. */
  use(pair: Pair): void;
  readonly connections: number;
  /** Resolves when the last connection has closed after `abort` fired. */
  readonly closed: Promise<void>;
}

/** Reviews take milliseconds: what is open by then has lost its client. */
const DRAIN_MS = 5_000;
const REFUSALS_SAID_MS = 60_000;

const TLS = { minVersion: 'TLSv1.2', handshakeTimeout: 5_000 } as const;

const LIMITS = {
  maxConnections: 512,
  headersTimeout: 5_000,
  // The API server waits for 5 s: timeoutSeconds of our webhook configuration.
  requestTimeout: 10_000,
  maxHeaderSize: 16_384,
  // Longer than the 90 s after which the API server closes an idle connection, so that we never close one that it uses.
  keepAliveTimeout: 120_000,
  bodies: 'with-length',
} as const;

/** Serves until `abort` fires. Until the first `use` every handshake fails. Rejects if the port is taken. */
export async function startAdmissionServer(
  options: AdmissionServerOptions,
  abort: AbortSignal,
): Promise<AdmissionServer> {
  const { port, callers, clock, log } = options;
  const wantsCertificate = callers !== undefined;
  const guarded = createBoundedTlsServer(
    LIMITS,
    { ...TLS, requestCert: wantsCertificate, rejectUnauthorized: wantsCertificate },
    clock,
    reviewListener(options, abort),
  );
  const { server, connections } = guarded;
  const sayRefused = atMostEvery(REFUSALS_SAID_MS, clock, (reason: string) =>
    log.warn({ reason }, 'client refused: no certificate of the authority in WEBHOOK_CLIENT_CA_FILE'),
  );
  server.on('tlsClientError', (err: NodeJS.ErrnoException, { authorizationError }) => {
    // OpenSSL refuses a client without a certificate, Node one with a certificate of another authority.
    if (err.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') sayRefused('it showed none');
    else if (authorizationError) sayRefused(String(authorizationError));
    else log.debug({ err }, 'TLS handshake failed');
  });
  let served: Pair | undefined;
  const use = (pair: Pair | undefined) => {
    served = pair;
    if (pair === undefined) return;
    const { certificate: cert, key } = pair;
    server.setSecureContext({
      cert,
      key,
      minVersion: TLS.minVersion,
      ...(callers && { ca: callers.authority }),
    });
  };
  if (callers !== undefined) callers.onAuthority = () => use(served);
  await listenAt(guarded, port, 'WEBHOOK_PORT');
  server.on('error', (err) => log.error({ err }, 'admission server failed'));
  return {
    port: portOf(guarded),
    use,
    get connections() {
      return connections.size;
    },
    closed: drain(guarded, clock, options.lingerMs, abort),
  };
}

/** Anybody can connect as often as they like, so the log is rate limited. */
function atMostEvery(ms: number, clock: Clock, say: (reason: string) => void): (reason: string) => void {
  let next = 0;
  return (reason) => {
    const now = clock.elapsed();
    if (now < next) return;
    next = now + ms;
    say(reason);
  };
}

/**
 * New connections still come for a while after the stop signal, until every node has the new endpoints of the Service.
 * Each one refused could be a pod that cannot be created.
 */
async function drain(
  server: BoundedServer<Server>,
  clock: Clock,
  lingerMs: number,
  abort: AbortSignal,
): Promise<void> {
  await aborted(abort);
  await new Promise<void>((resolve) => clock.after(lingerMs, resolve));
  await closeServer(server, clock, DRAIN_MS);
}
