import type { Server } from 'node:http';
import { EventStream } from '../http/event-stream.ts';
import { type BoundedServer, closeServer, portOf } from '../http/server.ts';
import type { Clock, Random } from '../runtime/clock.ts';
import type { Config } from './config.ts';
import { ConnectionState } from './connection-state.ts';
import { Hooks } from './hooks.ts';
import type { Log } from './log.ts';
import { metricsText } from './metrics.ts';
import { Monitor } from './monitor.ts';
import { appRoutes, probeRoutes, type Sources, startServer } from './server.ts';
import { ApiSource } from './sources/api.ts';
import { ApiConnection } from './sources/connection.ts';
import { FileSource } from './sources/file.ts';

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** An application may have a few hundred workers. */
const MAX_EVENT_CLIENTS = 256;
const APP = { keepAliveTimeout: 75_000, maxConnections: 768, headersTimeout: 5_000 };
/** Strangers can reach it: they must not be able to hold many connections for long. */
const PROBE = { keepAliveTimeout: 5_000, maxConnections: 64, headersTimeout: 1_000 };
/** Answers are a few bytes: who has not taken one by then is gone. */
const DRAIN_MS = 500;

/** Serves until `abort` fires. Rejects when a port cannot be had. */
export async function runSidecar(config: Config, ports: Ports, abort: AbortSignal): Promise<void> {
  const { clock, log } = ports;
  const events = new EventStream(clock, '', MAX_EVENT_CLIENTS);
  const hooks = new Hooks(config, ports);
  const publish = (answer: string) => {
    events.publish(answer);
    hooks.tell(answer);
  };
  const state = new ConnectionState(log);
  const monitor = new Monitor({ ...config, clock, log, connection: state, publish });
  const onReading = monitor.take.bind(monitor);
  const file = new FileSource({ clock, folder: config.statusDir, onReading });
  const connection = new ApiConnection(config.apiServer);
  const onConnection = (problem: string | undefined) => {
    state.note(problem);
    monitor.tell();
  };
  const api = new ApiSource({ ...config, ...ports, connection, onReading, onConnection });
  const view = () => monitor.view();
  const metrics = () => metricsText(config, monitor, state, hooks);
  file.start();
  const servers: BoundedServer<Server>[] = [];
  try {
    await openServers(servers, config, { view, metrics, events });
    const [port, probePort] = servers.map(portOf);
    log('info', 'serving', { port, probePort });
    await api.run(abort);
  } finally {
    file.stop();
    monitor.stop();
    hooks.stop();
    events.close();
    await Promise.all(servers.map((server) => closeServer(server, clock, DRAIN_MS)));
  }
}

/** The first one is the application's, the second one the kubelet's. Those that were opened are in `servers`. */
async function openServers(
  servers: BoundedServer<Server>[],
  { port, probePort, address }: Config,
  sources: Sources,
): Promise<void> {
  const app = (host: string, at: number) => startServer(appRoutes(sources), { ...APP, host, port: at });
  const first = await app(address ?? '127.0.0.1', port);
  servers.push(first);
  servers.push(await startServer(probeRoutes(sources), { ...PROBE, host: address, port: probePort }));
  if (address !== undefined) return;
  // Some clients take the first address of `localhost` alone, which may be this one.
  const second = await app('::1', portOf(first)).catch(unlessNoIpv6);
  if (second !== undefined) servers.push(second);
}

function unlessNoIpv6(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT') throw error;
}
