/** A real forward proxy from Debian's packages, tinyproxy, before a network in which names lead to this machine. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDebianProgram } from './binaries/debian.ts';
import type { Certified } from './certificates.ts';
import { type Ends, passOn, serveOnLoopback } from './loopback.ts';
import { freePort } from './ports.ts';
import { startProcess } from './process.ts';

/** `host:port`, to the port on loopback that plays it. */
export type Hosts = ReadonlyMap<string, number>;

export interface ProxyServer {
  /** `host:port`. */
  readonly address: string;
  /** With the credentials that it wants. */
  readonly url: string;
  /** What it was asked to call: `CONNECT host:port`, or method and URL. */
  readonly asked: readonly string[];
}

export const PROXY_USER = 'ann';
export const PROXY_PASSWORD = 'pr0xyPassw0rd';

/** Takes calls with its credentials alone. */
export async function startProxy(ends: Ends, hosts: Hosts): Promise<ProxyServer> {
  const { port: behind, asked } = await startNetwork(ends, hosts);
  const { path, env } = await findDebianProgram('tinyproxy-bin', 'tinyproxy');
  const folder = await mkdtemp(join(tmpdir(), 'tinyproxy-'));
  const port = await freePort();
  const file = join(folder, 'tinyproxy.conf');
  await writeFile(
    file,
    `Port ${port}
Listen 127.0.0.1
BasicAuth ${PROXY_USER} ${PROXY_PASSWORD}
Upstream http 127.0.0.1:${behind}
Timeout 60
LogLevel Connect
`,
  );
  const child = await startProcess('tinyproxy', [path, '-d', '-c', file], { env, cwd: folder });
  ends.after(async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const address = `127.0.0.1:${port}`;
  await child.waitUntil('tinyproxy listens', () => listens(port), 10_000);
  return { address, url: `http://${PROXY_USER}:${PROXY_PASSWORD}@${address}`, asked };
}

/** The proxy behind a real stunnel: TLS all the way to it, as `localhost`. */
export async function startTlsProxy(
  ends: Ends,
  hosts: Hosts,
  { certificate, key }: Certified,
): Promise<ProxyServer> {
  const { address: behind, asked } = await startProxy(ends, hosts);
  const { path, env } = await findDebianProgram('stunnel4', 'stunnel4');
  const folder = await mkdtemp(join(tmpdir(), 'stunnel-'));
  const port = await freePort();
  const pem = join(folder, 'proxy.pem');
  await writeFile(pem, `${key}\n${certificate}\n`, { mode: 0o600 });
  const file = join(folder, 'stunnel.conf');
  await writeFile(
    file,
    `foreground = yes
pid =
[proxy]
accept = 127.0.0.1:${port}
connect = ${behind}
cert = ${pem}
`,
  );
  const child = await startProcess('stunnel', [path, file], { env, cwd: folder });
  ends.after(async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await child.waitUntil('stunnel listens', () => listens(port), 10_000);
  const address = `localhost:${port}`;
  return { address, url: `https://${PROXY_USER}:${PROXY_PASSWORD}@${address}`, asked };
}

/** Plays the proxy's own network: it leads to the hosts that there are, and 502 is the answer for every other one. */
async function startNetwork(
  ends: Ends,
  hosts: Hosts,
): Promise<{ readonly port: number; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const url = URL.parse(request.url ?? '');
    const port = url === null ? undefined : hosts.get(`${url.hostname}:${url.port || 80}`);
    if (url === null || port === undefined) return void response.writeHead(502).end();
    passOn(request, response, { port, path: `${url.pathname}${url.search}` });
  });
  server.on('connection', (socket) => void socket.on('error', () => socket.destroy()));
  server.on('connect', (request, client, head) => {
    asked.push(`CONNECT ${request.url}`);
    const port = hosts.get(request.url ?? '');
    if (port === undefined) return void client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      target.pipe(client).pipe(target);
    });
    target.on('error', () => target.destroy()).on('close', () => client.destroy());
    client.on('close', () => target.destroy());
  });
  return { port: await serveOnLoopback(ends, server), asked };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}
