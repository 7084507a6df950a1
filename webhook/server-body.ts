import type { Readable } from 'node:stream';
import { ReadTurns } from './large/read-turns.ts';

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
  /** Of what has arrived of all bodies that are not yet taken, whatever their Content-Length. */
  readonly maxTotal: number;
}

/** Unit of allocation; most bodies are smaller. */
export const BLOCK_BYTES = 16_384;

/** A review of this size takes up to 2 ms, one of a megabyte 30. */
export const LARGE_BYTES = 65_536;

interface Body {
  readonly client: string;
  readonly blocks: Buffer[];
  length: number;
  giveUp: (reason: UnreadableBody) => void;
}

/** A complete body. It counts towards the limit until it is taken or dropped. */
export interface GatheredBody {
  readonly length: number;
  /** Throws an `UnreadableBody` if it was evicted. */
  take(): Buffer<ArrayBuffer>;
  drop(): void;
}

/**
 * Gathers bodies outside the JavaScript heap, which is small and must not overflow. Chunks are copied: one of a single
 * byte would otherwise keep an object on the heap and the whole buffer that it was read into.
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
   * Rejects with an `UnreadableBody`: 413 if it is too large, once all of it has arrived; 503 as soon as the total is
   * reached and this body is the one to evict; 400 if the client disconnects.
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

  /** Undefined: this body was evicted. */
  #grow(body: Body): Buffer | undefined {
    if (this.#blocks >= this.#maxBlocks) this.#giveUpLargest(body.client);
    if (!this.#bodies.has(body)) return undefined;
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    body.blocks.push(block);
    this.#blocks += 1;
    return block;
  }

  /**
   * Evicts the largest body of the client with the most: so whoever fills the memory loses a body, and not the next
   * small review or somebody else's single large one.
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
