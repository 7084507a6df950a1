import assert from 'node:assert/strict';
import type { Status } from '../../contract/status.ts';
import { loadConfig } from '../../controller/config.ts';
import { createLog } from '../../controller/log.ts';
import { createMetrics } from '../../controller/metrics.ts';
import { Sites } from '../../controller/sites/sites.ts';
import { createTrigger, ownClusterOf } from '../../controller/triggers/registry.ts';
import type { MemoryStore, Observation, Trigger } from '../../controller/triggers/trigger.ts';
import type { Claims } from '../../dns/claims/claims.ts';
import type { ObjectMeta } from '../../kubernetes/api.ts';
import { NODES, type Node, PODS, type Pod } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { FakeCluster, OPS, TestLeadership } from './fake-cluster.ts';

export const APP = 'app';
export const STATUS = { namespace: OPS, name: 'kube-site-follower-status' };

const SITES = [
  { name: 'us', nodeNames: ['us-1', 'us-2'] },
  { name: 'eu', nodeName: 'eu-1' },
  { name: 'asia', nodeSelector: 'region=asia' },
];

/** A trigger, made from its settings as a file has them, on a cluster in memory with three sites and five nodes. */
export class TriggerScene extends FakeCluster {
  leadership = new TestLeadership();
  /** The sections of the report, as they are stored. */
  readonly stored = new Map<string, string>();
  readonly saved: string[] = [];
  /** As the status was published last. */
  lastSites: Status['sites'] = {};
  /** As it was published since the report was stored. */
  siteSinceReport: string | undefined;
  failSaves: Error | undefined;
  /** Of a trigger of which each site is a Kubernetes cluster. */
  claims: Claims | undefined;
  /** Stores what was set and not saved, as the report does within a second. */
  keep: () => void = () => undefined;
  wakes = 0;
  #trigger: Trigger | undefined;
  #watching: Promise<void> | undefined;
  #skewed: Clock = this.process;

  constructor() {
    super([OPS, APP]);
    for (const name of ['us-1', 'us-2', 'eu-1']) this.createNode(name);
    for (const name of ['asia-1', 'asia-2']) this.createNode(name, { region: 'asia' });
  }

  createNode(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.create<Node>(NODES, { metadata: { name, labels }, status: this.#readiness(true) });
  }

  setReady(name: string, ready: boolean): void {
    this.change(NODES, { metadata: { name }, status: this.#readiness(ready) });
  }

  createPod(name: string, nodeName?: string, more: Pick<ObjectMeta, 'labels' | 'annotations'> = {}): void {
    const metadata = { namespace: APP, name, ...more };
    const spec = nodeName === undefined ? {} : { nodeName };
    this.create<Pod>(PODS, { metadata, spec, status: this.#readiness(true) });
  }

  /** As after a restart of the controller, on a machine whose clock is so much ahead: only what is stored is left. */
  restart(skewMs = 0): void {
    this.#trigger = undefined;
    this.#skewed = skewMs === 0 ? this.process : this.clock.process({ skew: skewMs, origin: 4_711 });
  }

  /** Settings as in the file. Throws when they are refused. */
  configure(trigger: object, configured: readonly object[] = SITES): void {
    const file = JSON.stringify({ followers: [{ sites: configured, trigger }] });
    const loaded = loadConfig({ CONFIG_FILE: 'x.yaml' }, () => file);
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const [{ trigger: config, sites }] = loaded.value.followers;
    this.make = () =>
      createTrigger(config, {
        ...this.watchPorts,
        clock: this.#skewed,
        follower: 'default',
        sites: new Sites(sites, ownClusterOf(config)),
        lastSites: () => Promise.resolve(this.lastSites),
        siteSinceReport: () => this.siteSinceReport,
        log: createLog({ level: 'silent' }),
        metrics: createMetrics('test'),
        statusMap: STATUS,
        restartedAt: '',
        events: () => undefined,
        report: this.#memory(),
        ...(this.claims !== undefined && { claims: this.claims }),
      });
  }

  make: () => Trigger = () => assert.fail('configure it first');

  get trigger(): Trigger {
    this.#trigger ??= this.make();
    return this.#trigger;
  }

  observe(): Promise<Observation> {
    return this.clock.settled(this.trigger.observe(this.leadership.abort, this.leadership), 200);
  }

  /** The observation in short: `pod@node` or `cluster@site`, or the code of the reason. */
  async look(): Promise<string> {
    const seen = await this.observe();
    return seen.kind === 'located' ? `${seen.primary}@${seen.site ?? seen.node}` : seen.reason;
  }

  async watch(): Promise<void> {
    this.#watching = this.trigger.watch(() => {
      this.wakes += 1;
    }, this.leadership.abort);
    await this.clock.advance(1_000);
  }

  /** Whether this wakes the controller, within a second. */
  async wakesBy(change: () => void): Promise<boolean> {
    const before = this.wakes;
    change();
    await this.clock.advance(1_000);
    return this.wakes > before;
  }

  async end(): Promise<void> {
    this.leadership.end();
    await this.clock.advance(60_000);
    await this.#watching;
    assert.equal(this.process.pending, 0, 'a timer was left');
  }

  #memory(): MemoryStore {
    const sections = new Map(this.stored);
    this.keep = () => {
      for (const [section, text] of sections) this.stored.set(section, text);
    };
    return {
      get: (section) => {
        const text = sections.get(section);
        return text === undefined ? undefined : (JSON.parse(text) as unknown);
      },
      set: (section, value) => {
        sections.set(section, JSON.stringify(value));
      },
      save: () => {
        if (this.failSaves !== undefined) return Promise.reject(this.failSaves);
        this.keep();
        this.saved.push([...sections.values()].join());
        return Promise.resolve();
      },
    };
  }

  #readiness(ready: boolean) {
    const lastTransitionTime = new Date(this.clock.now()).toISOString();
    return { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown', lastTransitionTime }] };
  }
}
