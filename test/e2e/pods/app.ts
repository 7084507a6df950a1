/**
 * Runs in the application's pods: says on which node it is, and notes each answer that its sidecar gives.
 * `/` NODE, `/flips` what was noted since it was last asked, `/ready` `/on` `/off` readiness of its own.
 */
import { createServer, get } from 'node:http';
import { createInterface } from 'node:readline';

const SIDECAR = 'http://127.0.0.1:9911';
/** Doubled as long as there is no sidecar: pods without one have to leave the processors to what is measured. */
const RECONNECT_MS = { least: 250, most: 60_000 };
const KEPT = 10_000;

interface Flip {
  /** Milliseconds since 1970, when the answer was there. */
  readonly at: number;
  readonly active: boolean;
  readonly activeSite: string;
  readonly epoch: number;
}

const { NODE_NAME = '' } = process.env;
const flips: Flip[] = [];
let ready = process.env.READY !== 'false';

function listen(waitMs = RECONNECT_MS.least): void {
  const stream = get(`${SIDECAR}/events`, (response) => {
    createInterface({ input: response }).on('line', (line) => line.startsWith('data: ') && ask());
    response.on('close', () => setTimeout(listen, RECONNECT_MS.least)).on('error', () => undefined);
  });
  // There is no sidecar, or not yet.
  stream.on('error', () => setTimeout(listen, waitMs, Math.min(2 * waitMs, RECONNECT_MS.most)));
}

/** What `/active` itself says, as any application would ask it. */
function ask(): void {
  get(`${SIDECAR}/active`, { agent: false }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('end', () => {
      const { active, activeSite, epoch } = JSON.parse(body) as Flip;
      flips.push({ at: Date.now(), active, activeSite, epoch });
      if (flips.length > KEPT) flips.shift();
    });
  }).on('error', () => undefined); // It has just ended; the stream begins again with the newest state.
}

const server = createServer(({ url }, response) => {
  const answer = (status: number, body: string) => {
    response.writeHead(status, { connection: 'close' }).end(body);
  };
  if (url === '/flips') answer(200, JSON.stringify(flips.splice(0)));
  else if (url === '/ready') answer(ready ? 200 : 503, String(ready));
  else if (url === '/on' || url === '/off') {
    ready = url === '/on';
    answer(200, String(ready));
  } else answer(200, NODE_NAME);
});
server.listen(8080);
process.once('SIGTERM', () => process.exit(0));
listen();
