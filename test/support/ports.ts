import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which the kernel takes ports for outgoing connections: a port that is free stays free,
// also while its server is restarted.
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 50;

/** Whoever was given one may not listen there yet. */
const given = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on, and that nobody else in this process was given. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port was found on 127.0.0.1 between ${FIRST} and ${LAST} in ${ATTEMPTS} attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false)); // Taken, or not for us: try another.
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
