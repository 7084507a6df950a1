import assert from 'node:assert/strict';
import type { Transition } from '../../contract/history.ts';
import { ANNOTATIONS } from '../../contract/names.ts';
import { decodeStatus, encodeStatus, type Status } from '../../contract/status.ts';
import { type ReconcileResult, Reconciler, type StatusChange } from '../../controller/reconciler.ts';
import { Sites } from '../../controller/sites/sites.ts';
import { FencedConfigMap, UnwrittenConfigMap } from '../../controller/status/fenced-config-map.ts';
import { LastPublished } from '../../controller/status/last-published.ts';
import type { Observation, Trigger } from '../../controller/triggers/trigger.ts';
import { CONFIG_MAPS, type ConfigMap, NODES } from '../../kubernetes/resources.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import { FakeCluster, OPS, TestLeadership } from './fake-cluster.ts';

export const KEY = { namespace: OPS, name: 'status' };
export const RESYNC_MS = 10_000;
export const LOST: Observation = { kind: 'unknown', reason: 'PrimaryEmpty', message: 'nobody is primary' };

const SITES = new Sites([
  { name: 'us', nodeNames: ['us-1', 'us-2'], nodeSelector: 'both', ip: '192.0.2.1' },
  { name: 'eu', nodeNames: ['eu-1'], nodeSelector: 'both', ip: '192.0.2.2' },
]);

/** The observation of a primary on this node. */
export function at(node: string, more: object = {}): Observation {
  return { kind: 'located', primary: 'pg-1', node, ...more };
}

/** A follower on a cluster in memory, whose trigger sees what the test says. */
export class ReconcilerScene extends FakeCluster {
  leadership = new TestLeadership(3);
  observe: () => Observation = () => at('us-1');
  /** What the subscribers were given. */
  readonly statusChanges: StatusChange[] = [];
  readonly reconciles: ReconcileResult[] = [];
  lastTransition: Transition | undefined;
  /** Of the process, whoever leads. */
  readonly lastPublished = new LastPublished(this.process);
  /** What the trigger's watch does when it sees something. */
  ring: () => void = () => assert.fail('nothing is watched yet');

  constructor() {
    super();
    for (const name of ['us-1', 'us-2', 'eu-1', 'moon-1']) this.create(NODES, { metadata: { name } });
    this.create(NODES, { metadata: { name: 'both-1', labels: { both: '' } } });
  }

  start({ dryRun = false, api = this.api } = {}): Promise<void> {
    const trigger: Trigger = {
      watch: (wake, abort) => {
        this.ring = wake;
        return new Promise((resolve) => abort.addEventListener('abort', () => resolve(), { once: true }));
      },
      observe: async () => this.observe(),
    };
    const follower = new Reconciler({
      api,
      clock: this.process,
      random: this.random.next,
      trigger,
      sites: SITES,
      nodesBySite: () => SITES.resolve([]),
      status: new (dryRun ? UnwrittenConfigMap : FencedConfigMap)(api, KEY, 'status', 'default'),
      lastTransition: () => this.lastTransition,
      lastSites: () => undefined,
      lastPublished: this.lastPublished,
      resyncMs: RESYNC_MS,
      wakeup: new Wakeup(this.process, 25),
      subscribers: [
        {
          onStatus: (change) => this.statusChanges.push(change),
          onReconciled: (result) => this.reconciles.push(result),
        },
      ],
    });
    return follower.run(this.leadership);
  }

  /** Until the passes that are due have ended. */
  async soon(): Promise<void> {
    await this.clock.advance(500);
  }

  async period(): Promise<void> {
    await this.clock.advance(RESYNC_MS);
  }

  async end(): Promise<void> {
    this.leadership.end();
    await this.clock.advance(60_000);
    assert.equal(this.process.pending, 0, 'a timer was left');
  }

  get object(): ConfigMap | undefined {
    return this.server.find(CONFIG_MAPS, KEY);
  }

  get published(): Status {
    const status = decodeStatus(this.object?.data);
    assert.ok(status !== undefined, 'the published status cannot be read');
    return status;
  }

  /** What is published, in short: `us us-1 1 Settled`. */
  get place(): string {
    const { activeSite, activeNode, epoch, phase } = this.published;
    return `${activeSite} ${activeNode} ${epoch} ${phase}`;
  }

  /** How often the follower has tried to write the status. */
  get writes(): number {
    return this.count('create configmaps') + this.count('replace configmaps');
  }

  /** Somebody changes what is published. */
  edit(changed: Partial<Status>, term = this.leadership.term): void {
    const data = { ...encodeStatus({ ...this.published, ...changed }) };
    const annotations = { [ANNOTATIONS.term]: String(term) };
    this.change(CONFIG_MAPS, { metadata: { ...KEY, annotations }, data });
  }
}
