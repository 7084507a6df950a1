import { CLUSTERS } from '../../cnpg/cluster.ts';
import { LABELS } from '../../contract/names.ts';
import type { Config } from '../../controller/config.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { explain } from '../../runtime/explain.ts';
import { SeededRandom } from '../support/random.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { type Change, describe } from './api-objects.ts';
import { ApiServer } from './api-server.ts';
import { Backups } from './backups.ts';
import type { Call, CallHooks } from './connection.ts';
import { applyService, createFollowingService } from './following.ts';
import { deleteLease, editStatus } from './hand.ts';
import { isReplica, Judges } from './judges.ts';
import { Nodes } from './nodes.ts';
import { Postgres } from './postgres.ts';
import { Registrar } from './registrar.ts';
import type { Sabotage } from './replica.ts';
import { Replicas } from './replicas.ts';
import type { Disturbance } from './schedule.ts';
import {
  APPS,
  CONFIG,
  CONFIG_WITH_NODES,
  CONFIG_WITH_PREFERENCE,
  INITIAL_ZONE,
  OPS,
  publishedSite,
  ZONE,
} from './setup.ts';

export type Trace = (time: number, actor: string, line: string) => void;

export interface WorldOptions {
  readonly seed: number;
  readonly trace: Trace | undefined;
  readonly sabotage: Sabotage;
}

/** How many seeds share one in which a node is preferred for the primary. */
const PREFERENCE_EVERY = 4;
/** And one in which a second follower follows the readiness of nodes. */
const NODES_EVERY = 3;

/** A cluster, a registrar and two replicas of the controller, and everything that may happen to them. */
export class World {
  readonly clock = new VirtualClock();
  readonly violations: string[] = [];
  readonly #server: ApiServer;
  readonly #registrar: Registrar;
  readonly #postgres: Postgres;
  readonly #backups: Backups;
  readonly #nodes: Nodes;
  readonly #judges: Judges;
  readonly #replicas: Replicas;
  readonly #random: SeededRandom;
  readonly #options: WorldOptions;
  #serving: Call | undefined;
  #quiet = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#server = new ApiServer({
      now: () => this.clock.now(),
      onChange: (change) => this.#onChange(change),
      onUnknown: (use) => this.report(use),
    });
    this.#judges = new Judges({
      server: this.#server,
      now: () => this.clock.elapsed(),
      report: (violation) => this.report(violation),
    });
    this.#nodes = new Nodes(this.#server, this.clock);
    this.#registrar = new Registrar(this.clock, { [ZONE]: INITIAL_ZONE }, (write) => {
      this.#trace(write.actor, `zone now points to ${publishedSite(write.after) ?? 'no site in whole'}`);
      this.#judges.onZoneWrite(write);
    });
    this.#server.create('human', NAMESPACES, { metadata: { name: OPS } });
    this.#server.create('human', NAMESPACES, {
      metadata: { name: APPS, labels: { [LABELS.status]: 'true' } },
    });
    createFollowingService(this.#server);
    this.#postgres = new Postgres(this.#server, this.clock, this.#random.derive('postgres'));
    this.#backups = new Backups(this.#server, this.clock);
    this.#replicas = this.#createReplicas();
    this.#replicas.start();
  }

  report(violation: string): void {
    this.#trace('!', violation);
    this.violations.push(violation);
  }

  disturb(what: Disturbance): void {
    if (this.#quiet) return;
    this.#trace('*', JSON.stringify(what));
    switch (what.kind) {
      case 'move':
        this.#postgres.play(what.move);
        break;
      case 'api weather':
      case 'registrar weather':
        this.#replicas.changeWeather(what);
        break;
      case 'freeze':
        this.#replicas.freeze(what.replica, what.ms);
        break;
      case 'crash':
        this.#replicas.crash(what.replica, what.ms);
        break;
      case 'ambush':
        this.#replicas.lieInWait(what);
        break;
      case 'restart':
        this.#replicas.restart(what.replica, what.ms);
        break;
      case 'forget the past':
        for (let ms = 0; ms <= what.ms; ms += 1_000) this.clock.after(ms, () => this.#server.compact());
        break;
      case 'put etcd back':
        this.#restored(what.seconds);
        break;
      case 'edit':
        editStatus(this.#server, what.edit);
        break;
      case 'delete the Lease':
        deleteLease(this.#server);
        break;
      case 'node':
        this.#nodes.trouble(what);
        break;
      case 'foreign record':
        this.#editForeignRecord();
        break;
      case 'apply the Service':
        applyService(this.#server);
        break;
    }
  }

  /** Ends all faults, and lets the primary come to rest. */
  async calmDown(): Promise<void> {
    this.#quiet = true;
    this.#trace('*', 'all faults end');
    this.#nodes.calmDown();
    this.#replicas.calmDown();
    await this.#postgres.settled();
  }

  /** What is not yet as it should be in the end; empty when all is well. */
  differences(): string[] {
    const byNodes = this.#config === CONFIG_WITH_NODES;
    return this.#judges.differences(this.#registrar, this.#replicas.running, { byNodes });
  }

  /** Stops all replicas in order. */
  stop(): void {
    this.#replicas.stop();
  }

  /** What still runs or waits after the end. */
  leftovers(): string[] {
    return this.#replicas.leftovers();
  }

  get #config(): Config {
    const { seed } = this.#options;
    if (seed % PREFERENCE_EVERY === 0) return CONFIG_WITH_PREFERENCE;
    return seed % NODES_EVERY === 0 ? CONFIG_WITH_NODES : CONFIG;
  }

  #createReplicas(): Replicas {
    const { trace, sabotage } = this.#options;
    const common = {
      server: this.#server,
      registrar: this.#registrar,
      receiver: this.#judges.receiver,
      hooks: this.#hooks(),
      config: this.#config,
      sabotage,
      mayLead: (actor: string) => this.#judges.mayLead(actor),
      onRegistrarCall: (actor: string, verb: string) => this.#replicas.onCall(actor, verb),
    };
    return new Replicas({
      clock: this.clock,
      random: this.#random,
      portsOf: (identity) => ({
        ...common,
        log: trace === undefined ? undefined : (line) => this.#trace(identity, line),
        onEnd: (error) => this.report(`${identity} has ended by itself: ${explain(error)}`),
      }),
      trace: (actor, line) => this.#trace(actor, line),
    });
  }

  #hooks(): CallHooks {
    return {
      onCall: (call) => {
        this.#judges.onCall(call);
        this.#replicas.onCall(call.actor, `${call.verb} ${call.resource.plural}`);
      },
      onSuccess: (call) => this.#judges.onSuccess(call),
      onTrouble: (call, what) =>
        this.#trace(call.actor, `${call.verb} ${describe(call.resource, call.key)}: ${what}`),
      during: (call, operate) => {
        this.#serving = call;
        try {
          return operate();
        } finally {
          this.#serving = undefined;
        }
      },
    };
  }

  #restored(seconds: number): void {
    this.#backups.restored(seconds);
    this.#judges.onRestored();
    this.#replicas.loseStreams({ isSilent: this.#random.chance(0.3) });
  }

  #editForeignRecord(): void {
    const token = `challenge-${this.#random.integer(1, 999)}`;
    this.#registrar.edit(ZONE, (hosts) => {
      const others = hosts.filter(({ name }) => name !== '_acme-challenge');
      const record = { name: '_acme-challenge', type: 'TXT', address: token, mxPref: '10', ttl: '60' };
      return others.length < hosts.length
        ? others
        : [{ ...record, isActive: true, isDdnsEnabled: false }, ...hosts];
    });
  }

  #onChange(change: Change): void {
    const { actor, revision, resource, key, before, after } = change;
    if (this.#options.trace !== undefined) {
      const verb = before === undefined ? 'creates' : after === undefined ? 'deletes' : 'writes';
      this.#trace(actor, `${verb} ${describe(resource, key)} at ${revision}: ${content(after)}`);
    }
    this.#judges.onChange(change, this.#serving);
    if (resource.plural === CLUSTERS.plural && isReplica(actor)) this.#postgres.play('obey');
  }

  #trace(actor: string, line: string): void {
    this.#options.trace?.(this.clock.elapsed(), actor, line);
  }
}

function content(object: object | undefined): string {
  if (object === undefined) return 'gone';
  const { data, spec, status } = object as Record<string, unknown>;
  return JSON.stringify(data ?? status ?? spec ?? {}).slice(0, 400);
}
