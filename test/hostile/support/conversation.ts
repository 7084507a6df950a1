/** What a stranger might do with a socket, drawn from a seed: nearly right HTTP in pieces, with pauses and early ends. */
import type { SeededRandom } from '../../support/random.ts';
import { ask, REVIEW_REQUEST } from './requests.ts';

export type Step =
  | { readonly kind: 'write'; readonly bytes: Buffer }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' };

const PATHS = [
  '/',
  '/metrics',
  '/active',
  '/ready',
  '/healthz',
  '/events',
  '/api/status',
  '/api/events',
  '/mutate',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'CONNECT', 'TRACE', 'M-SEARCH', 'BREW', 'get'];
const ENDS = ['\r\n', '\n', '\r', '\r\n '];
const HEADERS = [
  'Host: a',
  'Host: a, b',
  'Host:',
  'Connection: keep-alive',
  'Connection: close',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'Expect: else',
  'Content-Type: application/json',
  'Content-Encoding: gzip',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 4000000000',
  'Content-Length: -1',
  'Content-Length: 5, 5',
  'Range: bytes=0-',
  '__proto__: x',
];
const LONGEST_PAUSE_MS = 80;
const MOST_BYTES = 70_000;

export function conversation(random: SeededRandom): readonly Step[] {
  const messages = Array.from({ length: random.integer(1, 4) }, () => messageOf(random));
  const bytes = damaged(Buffer.concat(messages).subarray(0, MOST_BYTES), random);
  const steps: Step[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = random.chance(0.3) ? random.integer(1, 16) : random.integer(1, bytes.length);
    steps.push({ kind: 'write', bytes: bytes.subarray(at, at + length) });
    at += length;
    if (random.chance(0.3)) steps.push({ kind: 'wait', ms: random.integer(0, LONGEST_PAUSE_MS) });
    // Not all of it in crumbs.
    if (steps.length > 40) break;
  }
  steps.push({ kind: 'wait', ms: random.integer(0, LONGEST_PAUSE_MS) });
  if (random.chance(0.5)) steps.push({ kind: random.chance(0.5) ? 'end' : 'reset' });
  return steps;
}

function messageOf(random: SeededRandom): Buffer {
  const kind = random.integer(0, 9);
  if (kind === 0) return noise(random, random.integer(1, 2_000));
  // As the beginning of a TLS record, and of HTTP/2.
  if (kind === 1) return Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1]), noise(random, 300)]);
  if (kind === 2) return Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  if (kind === 3) return Buffer.from(REVIEW_REQUEST);
  if (kind === 4) return Buffer.from(ask(random.pick(PATHS)).repeat(random.integer(1, 50)));
  return Buffer.from(head(random) + body(random));
}

function head(random: SeededRandom): string {
  const target = random.chance(0.1) ? `/${'x'.repeat(random.integer(1, 20_000))}` : random.pick(PATHS);
  const version = random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/9.9', '']);
  const end = random.chance(0.9) ? '\r\n' : random.pick(ENDS);
  const headers = Array.from({ length: random.integer(0, 6) }, () => random.pick(HEADERS));
  if (random.chance(0.1)) headers.push(...Array.from({ length: 500 }, (_, index) => `x${index}: y`));
  return [`${random.pick(METHODS)} ${target} ${version}`, ...headers, '', ''].join(end);
}

function body(random: SeededRandom): string {
  const chunk = (): string => {
    const size = random.integer(0, 40);
    const said = random.chance(0.9) ? size.toString(16) : random.pick(['-1', 'fffffffff', 'zz', '']);
    return `${said}${random.chance(0.1) ? ';a=b' : ''}\r\n${'x'.repeat(size)}\r\n`;
  };
  if (random.chance(0.5)) return '';
  if (random.chance(0.5)) return 'x'.repeat(random.integer(0, 30_000));
  const chunks = Array.from({ length: random.integer(1, 200) }, chunk).join('');
  return `${chunks}${random.chance(0.5) ? '0\r\n\r\n' : ''}`;
}

function noise(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.integer(0, 255)));
}

function damaged(bytes: Buffer, random: SeededRandom): Buffer {
  if (bytes.length === 0 || random.chance(0.6)) return bytes;
  const copy = Buffer.from(bytes);
  for (let count = random.integer(1, 5); count > 0; count -= 1) {
    copy[random.integer(0, copy.length - 1)] = random.integer(0, 255);
  }
  return copy;
}
