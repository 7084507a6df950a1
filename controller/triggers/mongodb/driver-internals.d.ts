/** Parts of mongodb 7.9.0 that it has no types for, as far as message-bounds.ts changes them. */

declare module 'mongodb/lib/cmap/connection.js' {
  import type { Transform, TransformCallback } from 'node:stream';

  /** Cuts what comes into messages. */
  export class SizedMessageTransform extends Transform {
    /** What has come of a message that is not whole yet. */
    readonly bufferPool: { readonly length: number };
    override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void;
  }
}

declare module 'mongodb/lib/cmap/wire_protocol/compression.js' {
  interface Compression {
    decompressResponse: (message: Buffer) => Promise<unknown>;
  }
  const compression: Compression;
  export default compression;
}
