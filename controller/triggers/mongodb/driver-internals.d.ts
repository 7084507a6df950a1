/** Parts of mongodb 7.9.0 that it has no types for, as far as message-bounds.ts changes them. */

declare module 'mongodb/lib/cmap/connection.js' {
  import type { TransformCallback } from 'node:stream';

  /** Cuts what comes into messages. */
  interface MessageStream {
    /** What has come of a message that is not whole yet. */
    readonly bufferPool: { readonly length: number };
    _transform: (
      this: MessageStream,
      chunk: Buffer,
      encoding: BufferEncoding,
      done: TransformCallback,
    ) => void;
  }
  export const SizedMessageTransform: { readonly prototype: MessageStream };
}

declare module 'mongodb/lib/cmap/wire_protocol/compression.js' {
  interface Compression {
    decompressResponse: (message: Buffer) => Promise<unknown>;
  }
  const compression: Compression;
  export default compression;
}
