/**
 * To be imported by a test process: it writes its report before it goes on. Otherwise what a busy reader has not yet
 * taken would be lost, as --test-force-exit does not wait for it.
 */
import { Socket } from 'node:net';

interface Blocking {
  setBlocking(isBlocking: boolean): void;
}

/** What node keeps below a stream. There is no other way to have a pipe written at once. */
function handleOf(stream: NodeJS.WriteStream): Blocking | undefined {
  return stream instanceof Socket
    ? (stream as unknown as { readonly _handle?: Blocking })._handle
    : undefined;
}

handleOf(process.stdout)?.setBlocking(true);
