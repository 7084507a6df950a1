import type { MongoClient, MongoClientOptions } from 'mongodb';
import type { MemberAccess } from './access.ts';
import { type Hello, parseHello } from './hello.ts';
import { boundKeyDerivation } from './key-derivation.ts';
import { boundMessages } from './message-bounds.ts';

/** A connection to one member. */
export interface Member {
  /** Asks now. Rejects when it does not answer in time, or nonsense. */
  hello(): Promise<Hello>;
  close(): Promise<void>;
}

/** Opens nothing yet. `onChange`: the member has another role than before, or is gone. */
export type ConnectMember = (address: string, access: MemberAccess, onChange: () => void) => Promise<Member>;

const CONNECT_MS = 2_000;
const ANSWER_MS = 3_000;

/** With MongoDB's own driver, which is loaded only here. Its monitor hears of a new role at once: hello is streamed. */
export const connectByDriver: ConnectMember = async (address, { credentials, tls }, onChange) => {
  boundKeyDerivation();
  await boundMessages();
  const { MongoClient } = await import('mongodb');
  const options: MongoClientOptions = {
    directConnection: true,
    appName: 'kube-site-follower',
    connectTimeoutMS: CONNECT_MS,
    serverSelectionTimeoutMS: CONNECT_MS,
    socketTimeoutMS: ANSWER_MS,
    maxPoolSize: 2,
    retryReads: false,
    ...(credentials !== undefined && { auth: credentials, authSource: 'admin' }),
    ...(tls !== undefined && { tls: true, ...tls }),
  };
  const client = new MongoClient(`mongodb://${address}/`, options);
  client.on('serverDescriptionChanged', ({ previousDescription: before, newDescription: now }) => {
    if (before.type !== now.type || before.primary !== now.primary) onChange();
  });
  return new DriverMember(client);
};

class DriverMember implements Member {
  readonly #client: MongoClient;

  constructor(client: MongoClient) {
    this.#client = client;
  }

  async hello(): Promise<Hello> {
    return parseHello(await this.#client.db('admin').command({ hello: 1 }));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
