/**
 * Runs in the client's pods: asks the Service again and again, each time by a new connection, and keeps what came of
 * it. `/requests` gives what was kept since it was last asked: [sent, ended, NODE or '!' and an error code].
 */
import { createServer, get } from 'node:http';

const { TARGET = '', PERIOD_MS = '20', TIMEOUT_MS = '1000' } = process.env;
/** Twenty minutes of fifty requests a second. */
const KEPT = 60_000;

const requests: [sentAt: number, endedAt: number, result: string][] = [];

function ask(): void {
  const sentAt = Date.now();
  let settled = false;
  const end = (result: string) => {
    if (settled) return;
    settled = true;
    requests.push([sentAt, Date.now(), result]);
    if (requests.length > KEPT) requests.shift();
  };
  const call = get(TARGET, { agent: false }, (response) => {
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
  response.writeHead(200, { connection: 'close' }).end(JSON.stringify(requests.splice(0)));
}).listen(8080);
process.once('SIGTERM', () => process.exit(0));
setInterval(ask, Number(PERIOD_MS));
