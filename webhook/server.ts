import type { Server } from 'node:https';
import { type BoundedServer, closeServer, createBoundedTlsServer, portOf } from '../http/server.ts';
import { listenAt } from '../http/serving.ts';
import { aborted, type Clock } from '../runtime/clock.ts';
import type { Pair } from './certificates/authority.ts';
import { type ReviewListenerOptions, reviewListener } from './review-listener.ts';

export interface AdmissionServerOptions extends ReviewListenerOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Milliseconds from the stop signal during which new connections are still taken: until no client comes any more. */
  readonly lingerMs: number;
}

export interface AdmissionServer {
  readonly port: number;
  /** From now on new connections see this certificate; those that are open stay. */
  use(pair: Pair): void;
  readonly connections: number;
  /** Resolves when the last connection is closed, after `abort` fires. */
  readonly closed: Promise<void>;
}

/** A review is answered in milliseconds: what is not done by then has lost its client. */
const DRAIN_MS = 5_000;
const REFUSALS_SAID_MS = 60_000;

const TLS = { minVersion: 'TLSv1.2', handshakeTimeout: 5_000 } as const;

const LIMITS = {
  maxConnections: 512,
  headersTimeout: 5_000,
  // The API server waits for 5 s by our own configuration.
  requestTimeout: 10_000,
  maxHeaderSize: 16_384,
  // Above the 90 s after which the API server closes an idle connection itself, so that we never close one under it.
  keepAliveTimeout: 120_000,
  bodies: 'with-length',
} as const;

/** Serves until `abort` fires. Before the first certificate every handshake fails. Rejects when the port is taken. */
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
    // OpenSSL itself refuses who shows none, Node who shows one of another authority.
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

/** Anybody can connect as often as they like: the log must not grow with it. */
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
 * New connections come for a while after the stop: the list of a Service's endpoints takes its time to reach
 * everybody. A refused one would be a pod that cannot be created.
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
