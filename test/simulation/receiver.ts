import { decodeHistory } from '../../contract/history.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import { decodeLedger } from '../../notify/ledger.ts';
import { type Post, PostError } from '../../notify/post.ts';
import type { SeededRandom } from '../support/random.ts';
import type { ProcessClock, VirtualClock } from '../support/virtual-clock.ts';
import type { ApiServer } from './api-server.ts';
import { CALM_REGISTRAR, type Fate, type Faults } from './faults.ts';
import { Link } from './link.ts';
import { REPORT, TARGET } from './setup.ts';

export interface ReceiverPorts {
  readonly server: ApiServer;
  /** The site that the status has named in an epoch; undefined: it had no such epoch. */
  readonly siteOfEpoch: (epoch: number) => string | undefined;
  readonly report: (violation: string) => void;
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly data: { readonly epoch: number; readonly activeSite: string };
}

/** Somebody who is notified, and what must hold of all that arrives there. */
export class Receiver {
  readonly #ports: ReceiverPorts;
  /** What was told, by the id of the message. */
  readonly #messages = new Map<string, string>();
  readonly #told = new Set<number>();
  /** A new target is told how things stand, and not what was before. */
  #connectedAt = 0;

  constructor(ports: ReceiverPorts) {
    this.#ports = ports;
  }

  /** Epochs that no replica remembers come again. */
  onRestored(): void {
    this.#messages.clear();
  }

  /** `mayLead`: whether the sender might believe that it leads when it sent this. */
  receive(actor: string, body: string, mayLead: boolean): void {
    const { id, type, time, data } = JSON.parse(body) as Told;
    const { epoch, activeSite } = data;
    if (!mayLead) this.#ports.report(`${actor} notifies of epoch ${epoch} without holding the Lease`);
    // Details may differ when a leader ended before it could remember what it sent, never what is told.
    const message = `${type} ${activeSite} ${epoch} ${time}`;
    const before = this.#messages.get(id) ?? message;
    if (message !== before) this.#ports.report(`${actor} sends "${message}" as ${id}, which was "${before}"`);
    this.#messages.set(id, message);
    const named = this.#ports.siteOfEpoch(epoch);
    if (named !== activeSite) {
      this.#ports.report(`${actor} notifies of ${activeSite} in epoch ${epoch}, which names ${named}`);
    }
    if (type === 'site-follower.connected') this.#connectedAt = Math.max(this.#connectedAt, epoch);
    if (type === 'site-follower.site-changed') this.#told.add(epoch);
  }

  /** Moves that the history knows and nobody was told or is going to be told. */
  differences(): string[] {
    const data = this.#ports.server.find(CONFIG_MAPS, REPORT)?.data ?? {};
    const parse = (text = 'null') => JSON.parse(text) as unknown;
    const waiting = decodeLedger(parse(data.notify)).targets[TARGET]?.waiting ?? [];
    const coming = new Set(waiting.map(({ notification }) => notification.data.epoch));
    return decodeHistory(parse(data.history))
      .filter(({ epoch }) => epoch > this.#connectedAt && !this.#told.has(epoch) && !coming.has(epoch))
      .map(({ epoch, to }) => `nobody was told of the move to ${to} in epoch ${epoch}`);
  }
}

export interface ReceiverConnectionPorts {
  readonly actor: string;
  readonly clock: VirtualClock;
  readonly process: ProcessClock;
  readonly random: SeededRandom;
  readonly mayLead: (actor: string) => boolean;
  readonly onTrouble: (what: string) => void;
}

const TIMEOUT_MS = 15_000;

/** One replica's way there. */
export class ReceiverConnection {
  readonly #receiver: Receiver;
  readonly #ports: ReceiverConnectionPorts;
  readonly #link: Link;

  constructor(receiver: Receiver, ports: ReceiverConnectionPorts) {
    this.#receiver = receiver;
    this.#ports = ports;
    this.#link = new Link({ ...ports, errors });
    this.#link.faults = CALM_REGISTRAR;
  }

  set faults(faults: Faults) {
    this.#link.faults = faults;
  }

  readonly post: Post = ({ body }, abort) => {
    const { actor, process, mayLead, onTrouble } = this.#ports;
    if (process.state === 'crashed') return new Promise(() => undefined);
    const mightLead = mayLead(actor);
    return this.#link.call({
      what: 'notification',
      timeoutMs: TIMEOUT_MS,
      abort,
      mayConflict: false,
      operate: () => {
        this.#receiver.receive(actor, body, mightLead);
        return { status: 204, retryAfterMs: undefined };
      },
      onTrouble: (fate: Fate | 'cut off') => onTrouble(`notification: ${fate}`),
    });
  };
}

const failed = (what: string) => new PostError(`${what}: no answer`);
const errors = {
  unreachable: failed,
  serverError: failed,
  tooMany: failed,
  conflict: failed,
  noAnswer: failed,
};
