import type { Socket } from 'node:net';
import type { buildConnector, Dispatcher } from 'undici';

/** Whatever a server sends in place of an answer: nothing of it is read any more. */
export class EndlessAnswerError extends Error {
  override readonly name = 'EndlessAnswerError';
  readonly code = 'ENDLESS_ANSWER';
}

/**
 * As `connect`, but a connection ends when more than `most` bytes have come in answer to one request. Besides a body, which
 * its reader limits, those can be interim answers, empty lines, a status line, or the length of a chunk and what stands
 * behind it: HTTP/1.1 limits none of them, and reading them takes most of a processor.
 */
export function boundedConnector(connect: buildConnector.connector, most: number): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error === null) endBeyond(socket, most);
      callback(...result);
    });
  };
}

function endBeyond(socket: Socket, most: number): void {
  let written = socket.bytesWritten;
  let before = 0;
  let read = 0;
  // A listener to the data would take it from undici.
  socket.on('readable', () => {
    if (socket.bytesWritten !== written) [written, before] = [socket.bytesWritten, read];
    read = socket.bytesRead;
    if (read - before > most)
      socket.destroy(new EndlessAnswerError(`the answer has no end after ${most} bytes`));
  });
}

/** A server that works on something may say so from time to time. */
const MOST_INTERIM = 32;

type Handler = Dispatcher.DispatchHandler;
type Arguments<Method extends keyof Handler> = Parameters<NonNullable<Handler[Method]>>;

/** Ends a call after so many answers that only announce another one: each costs as much as an answer. */
export class FewInterimAnswers implements Handler {
  readonly #handler: Handler;
  #interim = 0;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  onRequestStart(...all: Arguments<'onRequestStart'>): void {
    this.#handler.onRequestStart?.(...all);
  }

  onRequestUpgrade(...all: Arguments<'onRequestUpgrade'>): void {
    this.#handler.onRequestUpgrade?.(...all);
  }

  onResponseStart(...all: Arguments<'onResponseStart'>): void {
    const [call, status] = all;
    if (status < 200) this.#interim += 1;
    if (this.#interim <= MOST_INTERIM) this.#handler.onResponseStart?.(...all);
    else call.abort(new EndlessAnswerError(`there are more than ${MOST_INTERIM} interim answers`));
  }

  onResponseData(...all: Arguments<'onResponseData'>): void {
    this.#handler.onResponseData?.(...all);
  }

  onResponseEnd(...all: Arguments<'onResponseEnd'>): void {
    this.#handler.onResponseEnd?.(...all);
  }

  onResponseError(...all: Arguments<'onResponseError'>): void {
    this.#handler.onResponseError?.(...all);
  }
}
