import { CLUSTERS } from '../../cnpg/cluster.ts';
import { LABELS } from '../../contract/names.ts';
import type { Config } from '../../controller/config.ts';
import { Sites } from '../../controller/sites.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { explain } from '../../runtime/explain.ts';
import { SeededRandom } from '../support/random.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { type Change, describe } from './api-objects.ts';
import { ApiServer } from './api-server.ts';
import { Backups } from './backups.ts';
import type { Call, CallHooks } from './connection.ts';
import { API_WEATHER, CALM, CALM_REGISTRAR, REGISTRAR_WEATHER } from './faults.ts';
import { applyService, createFollowingService, FollowingInvariants } from './following.ts';
import { GivingUpInvariants } from './giving-up.ts';
import { deleteLease, editStatus } from './hand.ts';
import { HeldInvariants } from './held.ts';
import { Invariants } from './invariants.ts';
import { sameJson } from './json.ts';
import { Nodes } from './nodes.ts';
import { Postgres } from './postgres.ts';
import { Receiver } from './receiver.ts';
import { Registrar } from './registrar.ts';
import { Replica, type Sabotage } from './replica.ts';
import type { Disturbance } from './schedule.ts';
import {
  APPS,
  CONFIG,
  CONFIG_WITH_NODES,
  CONFIG_WITH_PREFERENCE,
  INITIAL_ZONE,
  OPS,
  publishedSite,
  SITES,
  ZONE,
} from './setup.ts';
import { Truth } from './truth.ts';

export type Trace = (time: number, actor: string, line: string) => void;

export interface WorldOptions {
  readonly seed: number;
  readonly trace: Trace | undefined;
  readonly sabotage: Sabotage;
}

type Ambush = Extract<Disturbance, { kind: 'ambush' }>;

const MOVES_PRIMARY = new Set(['clusters', 'pods', 'nodes']);
/** How many seeds share one in which a node is preferred for the primary. */
const PREFERENCE_EVERY = 4;
/** And one in which a second follower follows the readiness of nodes. */
const NODES_EVERY = 3;
const AMBUSH_MS = 60_000;

/** A cluster, a registrar and two replicas of the controller, and everything that may happen to them. */
export class World {
  readonly clock = new VirtualClock();
  readonly violations: string[] = [];
  readonly #server: ApiServer;
  readonly #registrar: Registrar;
  readonly #receiver: Receiver;
  readonly #postgres: Postgres;
  readonly #truth: Truth;
  readonly #backups: Backups;
  readonly #invariants: Invariants;
  readonly #following: FollowingInvariants;
  readonly #held: HeldInvariants;
  readonly #givingUp: GivingUpInvariants;
  readonly #nodes: Nodes;
  readonly #random: SeededRandom;
  readonly #options: WorldOptions;
  readonly #hooks: CallHooks;
  readonly #slots: [Replica[], Replica[]] = [[], []];
  readonly #weather = new Map<string, Disturbance>();
  readonly #ambushes = new Map<number, Ambush>();
  #serving: Call | undefined;
  #quiet = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    const now = () => this.clock.elapsed();
    this.#server = new ApiServer({
      now: () => this.clock.now(),
      onChange: (change) => this.#onChange(change),
      onUnknown: (use) => this.report(use),
    });
    this.#truth = new Truth(this.#server, new Sites(SITES));
    this.#invariants = new Invariants({
      server: this.#server,
      truth: this.#truth,
      isReplica,
      now,
      report: (violation) => this.report(violation),
    });
    this.#following = new FollowingInvariants({
      server: this.#server,
      isReplica,
      mayLead: (actor) => this.#invariants.mayLead(actor),
      siteOfEpoch: (epoch) => this.#invariants.siteOfEpoch(epoch),
      isLeaseUnknown: () => this.#invariants.isLeaseUnknown,
      storedEpoch: () => this.#invariants.storedEpoch,
      report: (violation) => this.report(violation),
    });
    const judge = { server: this.#server, isReplica, report: (violation: string) => this.report(violation) };
    this.#held = new HeldInvariants(judge);
    this.#givingUp = new GivingUpInvariants({ ...judge, now });
    this.#nodes = new Nodes(this.#server, this.clock);
    this.#receiver = new Receiver({
      server: this.#server,
      siteOfEpoch: (epoch) => this.#invariants.siteOfEpoch(epoch),
      report: (violation) => this.report(violation),
    });
    this.#registrar = new Registrar(this.clock, { [ZONE]: INITIAL_ZONE }, (write) => {
      this.#trace(write.actor, `zone now points to ${publishedSite(write.after) ?? 'no site in whole'}`);
      this.#invariants.onZoneWrite(write);
    });
    this.#hooks = {
      onCall: (call) => {
        this.#invariants.onCall(call);
        this.#following.onCall(call);
        this.#ambush(call.actor, `${call.verb} ${call.resource.plural}`);
      },
      onSuccess: (call) => this.#invariants.onSuccess(call),
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
    this.#server.create('human', NAMESPACES, { metadata: { name: OPS } });
    this.#server.create('human', NAMESPACES, {
      metadata: { name: APPS, labels: { [LABELS.status]: 'true' } },
    });
    createFollowingService(this.#server);
    this.#postgres = new Postgres(this.#server, this.clock, this.#random.derive('postgres'));
    this.#backups = new Backups(this.#server, this.clock);
    for (const slot of [0, 1] as const) this.#start(slot);
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
        this.#changeWeather(what);
        break;
      case 'freeze':
        this.#present(what.replica)?.freeze(what.ms);
        break;
      case 'crash':
        this.#crash(what.replica, what.ms);
        break;
      case 'ambush':
        this.#ambushes.set(what.replica, what);
        this.clock.after(AMBUSH_MS, () => this.#ambushes.delete(what.replica));
        break;
      case 'restart':
        this.#present(what.replica)?.stop();
        this.#startIn(what.ms, what.replica);
        break;
      case 'forget the past':
        for (let ms = 0; ms <= what.ms; ms += 1_000) this.clock.after(ms, () => this.#server.compact());
        break;
      case 'put etcd back':
        this.#putBack(what.seconds);
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
    this.#ambushes.clear();
    this.#weather.clear();
    this.#nodes.calmDown();
    for (const slot of [0, 1] as const) {
      for (const replica of this.#slots[slot]) replica.thaw();
      this.#start(slot);
      this.#applyWeather(slot);
    }
    await this.#postgres.settled();
  }

  /** What is not yet as it should be in the end; empty when all is well. */
  differences(): string[] {
    const place = this.#truth.now;
    const status = this.#invariants.published;
    const list: string[] = [];
    if (place === undefined || status === undefined) return ['there is no status, or nothing to follow'];
    const told = `${status.phase} ${status.primary} ${status.activeNode} ${status.activeSite}`;
    const wanted = `Settled ${place.primary} ${place.node} ${place.site}`;
    if (told !== wanted) list.push(`the status says "${told}", not "${wanted}"`);
    const pointsTo = publishedSite(this.#registrar.zone(ZONE)) ?? 'no site in whole';
    if (pointsTo !== place.site) list.push(`DNS points to ${pointsTo}, not to ${place.site}`);
    if (!sameJson(status, this.#invariants.copied)) list.push('the copy of the status is not the same');
    list.push(...this.#following.differences(status), ...this.#receiver.differences());
    if (this.#config === CONFIG_WITH_NODES) list.push(...this.#givingUp.differences());
    const { holder } = this.#invariants;
    if (!this.#running().some(({ identity }) => identity === holder))
      list.push(`"${holder}" holds the Lease`);
    return list;
  }

  /** Stops all replicas in order. */
  stop(): void {
    for (const replica of this.#running()) replica.stop();
  }

  /** What still runs or waits after the end. */
  leftovers(): string[] {
    return this.#slots.flat().flatMap(({ identity, state, pending }) => {
      if (state === 'crashed') return [];
      if (state !== 'ended') return [`${identity} does not end`];
      return pending === 0 ? [] : [`${identity} has ended and left ${pending} timers`];
    });
  }

  get #config(): Config {
    const { seed } = this.#options;
    if (seed % PREFERENCE_EVERY === 0) return CONFIG_WITH_PREFERENCE;
    return seed % NODES_EVERY === 0 ? CONFIG_WITH_NODES : CONFIG;
  }

  #running(): Replica[] {
    return this.#slots.flat().filter(({ state }) => state === 'running');
  }

  /** The newest process of a slot, unless it has ended. */
  #present(slot: 0 | 1): Replica | undefined {
    const replica = this.#slots[slot].at(-1);
    return replica?.state === 'running' || replica?.state === 'frozen' ? replica : undefined;
  }

  #start(slot: 0 | 1): void {
    const last = this.#present(slot);
    // One that is stopping goes on beside its successor, as pods do in a rollout.
    if (last !== undefined && !last.stopping) return;
    const identity = `replica-${slot === 0 ? 'a' : 'b'}.${this.#slots[slot].length + 1}`;
    const { trace, sabotage } = this.#options;
    const replica = new Replica(identity, {
      clock: this.clock,
      server: this.#server,
      registrar: this.#registrar,
      receiver: this.#receiver,
      random: this.#random.derive(identity),
      hooks: this.#hooks,
      config: this.#config,
      sabotage,
      mayLead: (actor) => this.#invariants.mayLead(actor),
      onRegistrarCall: (actor, verb) => this.#ambush(actor, verb),
      log: trace === undefined ? undefined : (line) => this.#trace(identity, line),
      onEnd: (error) => this.report(`${identity} has ended by itself: ${explain(error)}`),
    });
    this.#slots[slot].push(replica);
    this.#applyWeather(slot);
    this.#trace(identity, 'starts');
  }

  #changeWeather(what: Extract<Disturbance, { kind: 'api weather' | 'registrar weather' }>): void {
    const slots = what.replica === 'both' ? ([0, 1] as const) : [what.replica];
    for (const slot of slots) {
      const key = `${what.kind} ${slot}`;
      this.#weather.set(key, what);
      this.#applyWeather(slot);
      this.clock.after(what.ms, () => {
        if (this.#weather.get(key) !== what) return;
        this.#weather.delete(key);
        this.#applyWeather(slot);
      });
    }
  }

  #applyWeather(slot: 0 | 1): void {
    const api = this.#weather.get(`api weather ${slot}`);
    const registrar = this.#weather.get(`registrar weather ${slot}`);
    for (const replica of this.#slots[slot]) {
      replica.api.faults = { ...CALM, ...(api?.kind === 'api weather' && API_WEATHER[api.weather]) };
      const internet = {
        ...CALM_REGISTRAR,
        ...(registrar?.kind === 'registrar weather' && REGISTRAR_WEATHER[registrar.weather]),
      };
      replica.registrar.faults = internet;
      replica.receiver.faults = internet;
    }
  }

  #ambush(actor: string, call: string): void {
    for (const slot of [0, 1] as const) {
      const ambush = this.#ambushes.get(slot);
      const replica = this.#present(slot);
      if (ambush?.at !== call || replica?.identity !== actor) continue;
      this.#ambushes.delete(slot);
      this.#trace(actor, `${ambush.how === 'freeze' ? 'freezes' : 'crashes'} in ${call}`);
      if (ambush.how === 'freeze') replica.freeze(ambush.ms);
      else this.#crash(slot, ambush.ms);
    }
  }

  #crash(slot: 0 | 1, ms: number): void {
    this.#present(slot)?.crash();
    this.#startIn(ms, slot);
  }

  #startIn(ms: number, slot: 0 | 1): void {
    this.clock.after(ms, () => {
      if (!this.#quiet) this.#start(slot);
    });
  }

  #putBack(seconds: number): void {
    this.#backups.putBack(seconds);
    this.#invariants.onPutBack();
    this.#following.onPutBack(this.clock.elapsed());
    this.#held.onPutBack();
    this.#givingUp.onPutBack();
    this.#receiver.onPutBack();
    // As the API servers have ended, unless something in between keeps the connections open.
    const isSilent = this.#random.chance(0.3);
    for (const { api } of this.#slots.flat()) {
      if (isSilent) api.silenceStreams();
      else api.endStreams();
    }
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
    if (MOVES_PRIMARY.has(resource.plural)) this.#truth.record(this.clock.elapsed());
    if (this.#options.trace !== undefined) {
      const verb = before === undefined ? 'creates' : after === undefined ? 'deletes' : 'writes';
      this.#trace(actor, `${verb} ${describe(resource, key)} at ${revision}: ${content(after)}`);
    }
    this.#invariants.onChange(change, this.#serving);
    this.#following.onChange(change, this.#serving);
    this.#held.onChange(change);
    this.#givingUp.onChange(change);
    if (resource.plural === CLUSTERS.plural && isReplica(actor)) this.#postgres.play('obey');
  }

  #trace(actor: string, line: string): void {
    this.#options.trace?.(this.clock.elapsed(), actor, line);
  }
}

const isReplica = (actor: string) => actor.startsWith('replica');

function content(object: object | undefined): string {
  if (object === undefined) return 'gone';
  const { data, spec, status } = object as Record<string, unknown>;
  return JSON.stringify(data ?? status ?? spec ?? {}).slice(0, 400);
}
