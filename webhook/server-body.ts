import type { Readable } from 'node:stream';

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

interface Body {
  readonly blocks: Buffer[];
  length: number;
  giveUp: (reason: UnreadableBody) => void;
}

/** A body of which all has come. It counts until it is taken. */
export interface GatheredBody {
  readonly length: number;
  /** Throws an `UnreadableBody` when it had to give way meanwhile. */
  take(): Buffer;
}

/**
 * Gathers bodies outside of the JavaScript heap, which is small and whose end is the end of the process. What comes is
 * copied: a chunk of one byte would otherwise keep an object on the heap and the whole buffer that it was read into.
 */
export class BodyGatherer {
  readonly #maxBody: number;
  readonly #maxBlocks: number;
  readonly #bodies = new Set<Body>();
  #blocks = 0;

  constructor({ maxBody, maxTotal }: BodyLimits) {
    this.#maxBody = maxBody;
    this.#maxBlocks = Math.floor(maxTotal / BLOCK_BYTES);
  }

  /**
   * Rejects with an `UnreadableBody`: 413 when it is too large, once all of it has come; 503 at once when the total is
   * reached and no other body is larger; 400 when the client goes away.
   */
  gather(request: Readable): Promise<GatheredBody> {
    return new Promise((resolve, reject) => {
      let tooLarge = false;
      const body: Body = { blocks: [], length: 0, giveUp: reject };
      this.#bodies.add(body);
      request.on('data', (chunk: Buffer) => {
        if (!this.#bodies.has(body)) return;
        tooLarge = body.length + chunk.length > this.#maxBody;
        if (tooLarge) this.#release(body);
        else this.#append(body, chunk);
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
    if (this.#blocks >= this.#maxBlocks) this.#giveUpLargest();
    if (!this.#bodies.has(body)) return undefined;
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    body.blocks.push(block);
    this.#blocks += 1;
    return block;
  }

  /** The largest, so that those who fill the memory lose theirs, and not the next review, which is small. */
  #giveUpLargest(): void {
    const [first, ...others] = this.#bodies;
    if (first === undefined) return;
    const largest = others.reduce((a, b) => (b.length > a.length ? b : a), first);
    this.#release(largest);
    largest.giveUp(new UnreadableBody(503, 'too many large bodies are on their way; try again'));
  }

  #release(body: Body): void {
    if (!this.#bodies.delete(body)) return;
    this.#blocks -= body.blocks.length;
    body.blocks.length = 0;
  }
}
