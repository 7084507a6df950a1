import assert from 'node:assert/strict';
import type { Status } from '../../../../contract/status.ts';
import type { OwnerReference } from '../../../../kubernetes/api.ts';
import { PODS, type Pod, SERVICES, type Service } from '../../../../kubernetes/resources.ts';
import { FakeCluster, OPS, TestLeadership } from '../../../../test/support/fake-cluster.ts';
import { type SharedParts, sharedParts } from '../../shared-parts.ts';
import type { PublishedStatus } from '../../signal.ts';
import { SignalWorker } from '../../worker.ts';
import { FollowServices } from '../index.ts';

const SITES = { us: ['us-1'], eu: ['eu-1'] };
export const WEB = { namespace: 'app', name: 'web' };
export const FOLLOW = { 'site-follower/follow': 'true' };
/** What the Service `web` selects in each site, and how its pods are labelled there. */
export const US = { app: 'web', 'site-follower/site': 'us' };
export const EU = { app: 'web', 'site-follower/site': 'eu' };

interface Marks {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owners?: readonly OwnerReference[];
  readonly selector?: Record<string, string>;
}

/** A leader that has Services follow, on a cluster in memory with a node in each of two sites. */
export class FollowServicesScene {
  readonly kube = new FakeCluster([OPS, 'app', 'shop']);
  leadership = new TestLeadership();
  /** What its observer was told. */
  readonly happened: string[] = [];
  readonly failed: string[] = [];
  counts: object | undefined;
  #worker: SignalWorker | undefined;

  start(follower = 'default', watches = this.watches(follower)): void {
    const signal = new FollowServices({
      ports: this.kube.watchPorts,
      watchedServices: watches.routedServices,
      pods: watches.routedPods,
      follower,
      observer: {
        onTransition: (service, what) => this.happened.push(`${service} ${what}`),
        onCount: (given) => {
          this.counts = given;
        },
        onFailure: (kind, object) => this.failed.push(`${kind} ${object}`),
        onRefused: (service, why) => this.happened.push(`${service} refused: ${why}`),
      },
    });
    this.#worker = new SignalWorker(signal, {
      clock: this.kube.process,
      random: this.kube.random.next,
      onProgress: () => undefined,
    });
    void this.#worker.run(this.leadership);
  }

  /** Which several followers share. */
  watches(...followers: readonly string[]): SharedParts {
    return sharedParts(this.kube.watchPorts, followers);
  }

  async soon(): Promise<void> {
    await this.kube.clock.advance(1_500);
  }

  async end(): Promise<void> {
    this.leadership.end();
    await this.kube.clock.advance(120_000);
    assert.equal(this.kube.process.pending, 0, 'a timer was left');
    assert.deepEqual(this.kube.watchProblems, []);
  }

  publish(activeSite: string, epoch: number, sites: Record<string, string[]> = SITES): void {
    const status = { activeSite, epoch, sites } as unknown as Status;
    const state: PublishedStatus = {
      follower: 'default',
      status,
      site: { name: activeSite, nodeNames: [] },
    };
    assert.ok(this.#worker, 'start it first');
    this.#worker.publish(state);
  }

  service(name = 'web', { labels = FOLLOW, annotations = {}, ...more }: Marks = {}): void {
    this.kube.create<Service>(SERVICES, {
      metadata: {
        namespace: 'app',
        name,
        labels,
        annotations,
        ...(more.owners && { ownerReferences: more.owners }),
      },
      spec: { selector: { app: name, ...more.selector } },
    });
  }

  pod(name: string, nodeName: string | undefined, ready = true, app = 'web'): void {
    this.kube.create<Pod>(PODS, {
      metadata: { namespace: 'app', name, labels: { app } },
      spec: nodeName === undefined ? {} : { nodeName },
      status: readiness(ready),
    });
  }

  setReady(name: string, ready: boolean): void {
    this.kube.change(PODS, { metadata: { namespace: 'app', name }, status: readiness(ready) });
  }

  /** A Service that is routed to `us`, with a pod in each site. */
  async routed(annotations: Record<string, string> = {}): Promise<void> {
    this.service('web', { annotations });
    this.pod('a', 'us-1');
    this.pod('b', 'eu-1');
    this.start();
    this.publish('us', 3);
    await this.soon();
  }

  found(name = 'web'): Service {
    return this.kube.server.get(SERVICES, { namespace: 'app', name });
  }

  route(name = 'web'): Readonly<Record<string, string>> | null | undefined {
    return this.found(name).spec?.selector;
  }

  /** The labels of a pod. */
  site(name: string): Readonly<Record<string, string>> | undefined {
    return this.kube.server.get(PODS, { namespace: 'app', name }).metadata.labels;
  }
}

function readiness(ready: boolean) {
  return { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
}
