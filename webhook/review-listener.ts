import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { MIMEType, TextDecoder } from 'node:util';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Callers } from './callers.ts';
import { SerialQueue } from './large/turns.ts';
import { parseReview, type Review } from './review.ts';
import { ReviewTurns } from './review-turns.ts';
import type { Reviewer } from './reviewer.ts';
import { BodyGatherer, type GatheredBody, LARGE_BYTES, UnreadableBody } from './server-body.ts';

export interface ReviewListenerOptions {
  readonly path: string;
  readonly reviewer: Reviewer;
  /** Undefined: any client may ask. */
  readonly callers?: Callers | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onAnswer: (seconds: number) => void;
  /** A request that was no review. */
  readonly onRefused: (status: number) => void;
}

/** An object has at most 1.5 MiB in etcd, and an UPDATE carries the old and the new one. */
const MAX_BODY = 4 * 1_024 * 1_024;
/** All bodies together. Most reviews have some 10 kB and arrive at once. */
const MAX_BODIES = 64_000_000;

/** Answers reviews, at one path and for one method. Without a framework, which took a quarter of the time of a review. */
export function reviewListener(options: ReviewListenerOptions, stopping: AbortSignal): RequestListener {
  const reviews = new ReviewListener(options);
  return (request, response) => {
    // While stopping, each answer makes its client reconnect, to another replica.
    if (stopping.aborted) response.setHeader('connection', 'close');
    reviews.take(request, response);
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: GatheredBody;
  readonly charset: string;
}

/** Check, gather the body, wait for the client's turn, answer. */
class ReviewListener {
  readonly #options: ReviewListenerOptions;
  readonly #bodies = new BodyGatherer({ maxBody: MAX_BODY, maxTotal: MAX_BODIES });
  readonly #turns: ReviewTurns;
  readonly #largeTurns = new SerialQueue();

  constructor(options: ReviewListenerOptions) {
    this.#options = options;
    this.#turns = new ReviewTurns(options.clock);
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    try {
      const refusal = refusalOf(request, this.#options);
      if (refusal !== undefined) {
        refuse(response, ...refusal, this.#options);
        return;
      }
      const charset = charsetOf(request.headers);
      const client = request.socket.remoteAddress ?? '';
      this.#bodies.gather(request, client).then(
        (body) => this.#enqueue(client, { request, response, body, charset }),
        (error: unknown) => this.#fail(error, { request, response }),
      );
    } catch (error) {
      this.#fail(error, { request, response });
    }
  }

  #enqueue(client: string, exchange: Exchange): void {
    const { request, response, body } = exchange;
    // The connection may have closed before the last chunk was read: then the response emits no event.
    if (isGone(request, body)) return;
    if (body.length < LARGE_BYTES) {
      this.#turns.add(client, () => this.#answer(exchange));
      return;
    }
    // A client that asks and disconnects again and again would otherwise fill the memory until its turn.
    response.on('close', () => body.drop());
    this.#largeTurns.add(client, body.length, () => this.#answerLarge(exchange));
  }

  #answer(exchange: Exchange): void {
    const { request, response, body, charset } = exchange;
    if (isGone(request, body)) return;
    try {
      const review = this.#options.reviewer.here(parseReview(body.take(), charset));
      sendReview(response, review, this.#options);
    } catch (error) {
      this.#fail(error, exchange);
    }
  }

  async #answerLarge(exchange: Exchange): Promise<void> {
    const { request, response, body, charset } = exchange;
    if (isGone(request, body)) return;
    try {
      const review = await this.#options.reviewer.apart(body.take(), charset);
      sendReview(response, review, this.#options);
    } catch (error) {
      this.#fail(error, exchange);
    }
  }

  #fail(error: unknown, { request, response }: Pick<Exchange, 'request' | 'response'>): void {
    if (error instanceof UnreadableBody) {
      refuse(response, error.status, `the body cannot be read: ${error.message}`, this.#options);
      return;
    }
    this.#options.log.error({ err: error, path: request.url }, 'HTTP request failed');
    // The details are for the log, not for the client.
    refuse(response, 500, 'internal error', this.#options);
  }
}

/** Drops the body if the client has disconnected. */
function isGone({ socket }: IncomingMessage, body: GatheredBody): boolean {
  if (socket.destroyed) body.drop();
  return socket.destroyed;
}

function sendReview(
  response: ServerResponse,
  review: Review,
  { onAnswer, onRefused }: ReviewListenerOptions,
): void {
  if (review.kind === 'malformed') {
    send(response, 400, TEXT, `${review.problem}\n`);
    onRefused(400);
    return;
  }
  send(response, 200, JSON_TYPE, review.answer);
  onAnswer(review.seconds);
}

const JSON_TYPE = 'application/json';
const TEXT = 'text/plain; charset=utf-8';

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  { onRefused }: ReviewListenerOptions,
): void {
  // It failed after the answer, or the client has gone. `response.socket` is null while an earlier response is pending.
  if (response.headersSent || response.req.socket.destroyed) return;
  onRefused(status);
  // The body is not read.
  response.setHeader('connection', 'close');
  send(response, status, TEXT, `${text}\n`);
}

/** Why a request is refused, before its body is read. */
function refusalOf(
  request: IncomingMessage,
  { path, callers }: ReviewListenerOptions,
): [status: number, text: string] | undefined {
  const stranger = callers?.refusal(request);
  if (stranger !== undefined) return [403, stranger];
  // The API server adds `?timeout=`.
  if (request.url?.split('?', 1)[0] !== path) return [404, 'not found'];
  if (request.method !== 'POST') return [405, 'only POST'];
  const { headers } = request;
  if (essenceOf(headers['content-type']) !== JSON_TYPE) return [415, `only ${JSON_TYPE}`];
  // The API server always sends a Content-Length. A chunked body could come in very many tiny chunks.
  if (headers['transfer-encoding'] !== undefined) return [411, 'only with Content-Length'];
  return undefined;
}

function essenceOf(type: string | undefined): string | undefined {
  return type === JSON_TYPE ? type : mimeOf(type)?.essence;
}

/** MIMEType takes quadratic time for a run of spaces. */
const LONGEST_TYPE = 100;

function mimeOf(type = ''): MIMEType | undefined {
  if (type.length > LONGEST_TYPE) return undefined;
  try {
    return new MIMEType(type);
  } catch {
    return undefined; // Invalid: the only reason for which it throws.
  }
}

const UTF_8 = 'utf-8';

/** Compressed bodies are refused: a small one could become a very large one. */
function charsetOf(headers: IncomingHttpHeaders): string {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw new UnreadableBody(415, 'content encoding unsupported');
  const type = headers['content-type'];
  const charset = type === JSON_TYPE ? null : (mimeOf(type)?.params.get('charset') ?? null);
  if (charset === null) return UTF_8;
  try {
    if (/^utf-/i.test(charset)) return new TextDecoder(charset).encoding;
  } catch {
    // Unknown: the only reason for which it throws.
  }
  throw new UnreadableBody(415, `unsupported charset "${charset.toUpperCase()}"`);
}
