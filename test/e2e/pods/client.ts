/**
 * Runs in the client's pods: asks each Service again and again, each time by a new connection, and keeps what came of
 * it. `/requests` gives what was kept since it was last asked, by Service: [sent, ended, NODE or '!' and an error code].
 */
import { createServer, get } from 'node:http';

const { TARGETS = '{}', PERIOD_MS = '20', TIMEOUT_MS = '1000' } = process.env;
/** Of one Service: twenty minutes of fifty requests a second. */
const KEPT = 60_000;

type Row = [sentAt: number, endedAt: number, result: string];

const targets = JSON.parse(TARGETS) as Record<string, string>;
const kept: Record<string, Row[]> = Object.fromEntries(Object.keys(targets).map((name) => [name, []]));

function ask(target: string, requests: Row[]): void {
  const sentAt = Date.now();
  let settled = false;
  const end = (result: string) => {
    if (settled) return;
    settled = true;
    requests.push([sentAt, Date.now(), result]);
    if (requests.length > KEPT) requests.shift();
  };
  const call = get(target, { agent: false }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('end', () => end(response.statusCode === 200 ? body : `!${response.statusCode}`));
    response.on('error', (error: NodeJS.ErrnoException) => end(`!${error.code ?? 'error'}`));
  });
  const timer = setTimeout(() => {
    end('!timeout');
    call.destroy();
  }, Number(TIMEOUT_MS));
  call.on('close', () => clearTimeout(timer));
  call.on('error', (error: NodeJS.ErrnoException) => end(`!${error.code ?? 'error'}`));
}

createServer((_request, response) => {
  const given = Object.entries(kept).map(([name, rows]) => [name, rows.splice(0)]);
  response.writeHead(200, { connection: 'close' }).end(JSON.stringify(Object.fromEntries(given)));
}).listen(8080);
process.once('SIGTERM', () => process.exit(0));
for (const [name, target] of Object.entries(targets)) {
  setInterval(() => ask(target, kept[name] ?? []), Number(PERIOD_MS));
}
