import type { Readable } from 'node:stream';
import { ReadTurns } from './large/read-turns.ts';

/** Why a body was not read, as an HTTP status. */
export class UnreadableBody extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'UnreadableBody';
    this.status = status;
  }
}

/** In bytes. */
export interface BodyLimits {
  readonly maxBody: number;
  /** Of all bodies that are on their way or wait to be taken, by what has come of them and not by what was announced. */
  readonly maxTotal: number;
}

/** Memory is taken in such pieces: a body is mostly smaller than one. */
export const BLOCK_BYTES = 16_384;

/** To parse and judge so much takes up to 2 ms, and a megabyte 30. */
export const LARGE_BYTES = 65_536;

interface Body {
  readonly client: string;
  readonly blocks: Buffer[];
  length: number;
  giveUp: (reason: UnreadableBody) => void;
}

/** A body of which all has come. It counts until it is taken or dropped. */
export interface GatheredBody {
  readonly length: number;
  /** Throws an `UnreadableBody` when it had to give way meanwhile. */
  take(): Buffer<ArrayBuffer>;
  drop(): void;
}

/**
 * Gathers bodies outside of the JavaScript heap, which is small and whose end is the end of the process. What comes is
 * copied: a chunk of one byte would otherwise keep an object on the heap and the whole buffer that it was read into.
 */
export class BodyGatherer {
  readonly #maxBody: number;
  readonly #maxBlocks: number;
  readonly #bodies = new Set<Body>();
  readonly #turns = new ReadTurns();
  #blocks = 0;

  constructor({ maxBody, maxTotal }: BodyLimits) {
    this.#maxBody = maxBody;
    this.#maxBlocks = Math.floor(maxTotal / BLOCK_BYTES);
  }

  /**
   * Rejects with an `UnreadableBody`: 413 when it is too large, once all of it has come; 503 at once when the total is
   * reached and no other body is larger; 400 when the client goes away.
   */
  gather(request: Readable, client: string): Promise<GatheredBody> {
    return new Promise((resolve, reject) => {
      let tooLarge = false;
      const body: Body = { client, blocks: [], length: 0, giveUp: reject };
      this.#bodies.add(body);
      request.on('data', (chunk: Buffer) => {
        tooLarge ||= body.length + chunk.length > this.#maxBody;
        if (tooLarge) this.#release(body);
        else if (this.#bodies.has(body)) this.#append(body, chunk);
        if (body.length < BLOCK_BYTES) return;
        request.pause();
        this.#turns.add(client, () => request.resume());
      });
      request.on('end', () => {
        if (tooLarge) reject(new UnreadableBody(413, 'request entity too large'));
        else resolve(this.#gathered(body));
      });
      request.on('close', () => {
        if (request.readableEnded) return;
        this.#release(body);
        reject(new UnreadableBody(400, 'request aborted'));
      });
    });
  }

  #gathered(body: Body): GatheredBody {
    let refusal: UnreadableBody | undefined;
    body.giveUp = (reason) => {
      refusal = reason;
    };
    return {
      length: body.length,
      take: () => {
        if (refusal !== undefined) throw refusal;
        const whole = Buffer.concat(body.blocks, body.length);
        this.#release(body);
        return whole;
      },
      drop: () => this.#release(body),
    };
  }

  #append(body: Body, chunk: Buffer): void {
    let copied = 0;
    while (copied < chunk.length) {
      const at = body.length % BLOCK_BYTES;
      const block = at === 0 ? this.#grow(body) : body.blocks.at(-1);
      if (block === undefined) return;
      const count = chunk.copy(block, at, copied);
      copied += count;
      body.length += count;
    }
  }

  /** Undefined: it was this body that had to give way. */
  #grow(body: Body): Buffer | undefined {
    if (this.#blocks >= this.#maxBlocks) this.#giveUpLargest(body.client);
    if (!this.#bodies.has(body)) return undefined;
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    body.blocks.push(block);
    this.#blocks += 1;
    return block;
  }

  /**
   * The largest of the client with the most: those who fill the memory lose theirs, and not the next review, which is
   * small, nor the one large one of somebody else.
   */
  #giveUpLargest(growing: string): void {
    const sums = new Map([[growing, BLOCK_BYTES]]);
    for (const { client, length } of this.#bodies) sums.set(client, (sums.get(client) ?? 0) + length);
    const rank = ({ client, length }: Body) => [sums.get(client) ?? 0, length] as const;
    const [first, ...others] = this.#bodies;
    if (first === undefined) return;
    const largest = others.reduce((a, b) => (isAbove(rank(b), rank(a)) ? b : a), first);
    this.#release(largest);
    largest.giveUp(new UnreadableBody(503, 'too many large bodies are on their way; try again'));
  }

  #release(body: Body): void {
    if (!this.#bodies.delete(body)) return;
    this.#blocks -= body.blocks.length;
    body.blocks.length = 0;
  }
}

function isAbove(
  [sum, length]: readonly [number, number],
  [otherSum, otherLength]: readonly [number, number],
) {
  return sum === otherSum ? length > otherLength : sum > otherSum;
}
