/**
 * Stands in for `mongod`, on the wire: a member of a replica set that greets, lets people log in, and says of itself
 * what the test says. Strict: what is no message, no known command, or not allowed yet, is told to the test.
 * Sources: MongoDB wire protocol; RFC 7677 (SCRAM-SHA-256); "hello" and awaitable hello in the driver specifications.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { type Document, deserialize, Int32, Long, ObjectId, serialize } from 'bson';
import { listenOnLoopback } from './loopback.ts';
import { ScramServer } from './scram-server.ts';

export interface MongodOptions {
  readonly replicaSet?: string;
  readonly login?: { readonly username: string; readonly password: string };
  /** Of SCRAM. */
  readonly iterations?: number;
  readonly tls?: TlsOptions;
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const EXHAUST_ALLOWED = 1 << 16;
const LONGEST = 48_000_000;

export class Mongod {
  /** Once it is started. */
  port = 0;
  /** What a client did that no mongod would take. */
  readonly problems: string[] = [];
  /** How often each command came. */
  readonly commands = new Map<string, number>();
  readonly #options: MongodOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  readonly #processId = new ObjectId();
  #version = 0;
  #state: Document = { isWritablePrimary: false, secondary: true };
  #silent = false;

  constructor(options: MongodOptions = {}) {
    this.#options = options;
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
  }

  /** Resolves to its address. */
  async start(): Promise<string> {
    this.port = await listenOnLoopback(this.#server);
    return `127.0.0.1:${this.port}`;
  }

  /** What `hello` tells from now on, besides what each member tells. Those who wait for a change get it at once. */
  say(state: Document): void {
    this.#state = state;
    this.#version += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Takes connections, and answers nothing: a host that hangs. */
  hang(silent = true): void {
    this.#silent = silent;
    if (!silent) this.dropConnections();
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    for (const wake of this.#waiting) wake();
    this.dropConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A client that goes away in the middle of an answer is its own affair.
    socket.on('error', () => socket.destroy());
    const session = {
      loggedIn: this.#options.login === undefined,
      scram: undefined as ScramServer | undefined,
    };
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      if (this.#silent) return;
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 16 && rest.length >= rest.readInt32LE(0)) {
        const length = rest.readInt32LE(0);
        if (length < 16 || length > LONGEST)
          return void socket.destroy(this.#problem(`a message of ${length} bytes`));
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        void this.#answer(message, session).then((reply) => {
          if (reply === undefined) socket.destroy();
          else if (!socket.destroyed) socket.write(reply);
        });
      }
    });
  }

  async #answer(message: Buffer, session: Session): Promise<Buffer | undefined> {
    const requestId = message.readInt32LE(4);
    const code = message.readInt32LE(12);
    if (code === OP_QUERY) {
      // The greeting of a driver that does not know the server yet.
      const end = message.indexOf(0, 20);
      const command = deserialize(message.subarray(end + 9));
      return legacyReply(requestId, await this.#run(command, session));
    }
    if (code !== OP_MSG) return void this.#problem(`a message with the code ${code}`);
    const flags = message.readUInt32LE(16);
    if ((flags & ~EXHAUST_ALLOWED) !== 0 || message[20] !== 0) return void this.#problem(`flags ${flags}`);
    const command = deserialize(message.subarray(21));
    if (typeof command.$db !== 'string') return void this.#problem('a command without $db');
    return reply(requestId, await this.#run(command, session));
  }

  async #run(command: Document, session: Session): Promise<Document> {
    const [name = ''] = Object.keys(command);
    this.commands.set(name, (this.commands.get(name) ?? 0) + 1);
    switch (name) {
      case 'hello':
      case 'ismaster':
      case 'isMaster':
        return this.#hello(command);
      case 'saslStart': {
        const { login } = this.#options;
        if (login === undefined || command.mechanism !== 'SCRAM-SHA-256')
          return failure(18, 'AuthenticationFailed');
        session.scram = new ScramServer(login, this.#options.iterations);
        return this.#sasl(session, command);
      }
      case 'saslContinue':
        return this.#sasl(session, command);
      case 'endSessions':
      case 'ping':
        return { ok: 1 };
      default:
        this.#problem(`the command ${name}`);
        return failure(59, 'CommandNotFound');
    }
  }

  /** With a topologyVersion it waits for the next change, as long as the client allows. */
  async #hello(command: Document): Promise<Document> {
    const { topologyVersion, maxAwaitTimeMS } = command;
    if (topologyVersion !== undefined && Number(topologyVersion.counter) === this.#version) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, Number(maxAwaitTimeMS));
        this.#waiting.add(wake);
      });
    }
    const { replicaSet, login } = this.#options;
    const asksForMechanisms = command.saslSupportedMechs !== undefined && login !== undefined;
    return {
      helloOk: true,
      ...(replicaSet !== undefined && { setName: replicaSet }),
      ...this.#state,
      topologyVersion: { processId: this.#processId, counter: Long.fromNumber(this.#version) },
      ...(asksForMechanisms && { saslSupportedMechs: ['SCRAM-SHA-256'] }),
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: LONGEST,
      maxWriteBatchSize: 100_000,
      localTime: new Date(),
      minWireVersion: 0,
      maxWireVersion: 25,
      readOnly: false,
      ok: 1,
    };
  }

  #sasl(session: Session, { payload }: Document): Document {
    const step = session.scram?.step(Buffer.from(payload.buffer).toString('utf8'));
    if (step === undefined) return failure(18, 'AuthenticationFailed');
    session.loggedIn ||= step.done;
    return { conversationId: new Int32(1), done: step.done, payload: Buffer.from(step.text), ok: 1 };
  }

  #problem(what: string): Error {
    this.problems.push(what);
    return new Error(what);
  }
}

interface Session {
  loggedIn: boolean;
  scram: ScramServer | undefined;
}

function failure(code: number, codeName: string): Document {
  return { ok: 0, code: new Int32(code), codeName, errmsg: `${codeName}.` };
}

function reply(to: number, document: Document): Buffer {
  const body = serialize(document, { ignoreUndefined: true });
  const head = Buffer.alloc(21);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(to, 8);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}

function legacyReply(to: number, document: Document): Buffer {
  const body = serialize(document, { ignoreUndefined: true });
  const head = Buffer.alloc(36);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(to, 8);
  head.writeInt32LE(OP_REPLY, 12);
  head.writeInt32LE(8, 16); // AwaitCapable, as every mongod says.
  head.writeInt32LE(1, 32);
  return Buffer.concat([head, body]);
}
