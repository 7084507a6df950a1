import { PROGRAM } from '../../../contract/names.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { type ObjectIndex, parseKey } from '../../../kubernetes/object-index.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { PODS } from '../../../kubernetes/resources.ts';
import type { WorkQueue } from '../../../kubernetes/work-queue.ts';
import { queueOf, type WatchPorts } from '../../watch/reflect.ts';
import { Pace } from './pace.ts';
import { desiredLabel, labelPatch, type RoutedPod } from './pods.ts';
import type { RoutedPods } from './routed-pods.ts';
import type { FollowedService } from './service.ts';

export interface PodLabelsOptions {
  readonly ports: WatchPorts;
  readonly follower: string;
  readonly services: ObjectIndex<FollowedService>;
  readonly pods: RoutedPods;
  readonly maxKeys: number;
  readonly retry: { readonly base: number; readonly max: number };
  /** A pod of this namespace has its label. */
  readonly onWritten: (namespace: string) => void;
  readonly onFailure: (pod: string, error: unknown) => void;
}

const PARALLEL = 16;

/** Labels the pods of the Services with the site of their node. */
export class PodLabels {
  readonly #options: PodLabelsOptions;
  readonly #queue: WorkQueue;
  readonly #pace: Pace;
  /** Namespaces all of whose pods are to be looked at. */
  readonly #due = new Set<string>();
  #siteOf: ReadonlyMap<string, string> = new Map();
  #leadership: Leadership | undefined;

  constructor(options: PodLabelsOptions) {
    const { ports, maxKeys, retry, onFailure } = options;
    this.#options = options;
    this.#pace = new Pace(ports.clock);
    const work = (key: string, abort: AbortSignal) => this.#label(key, abort);
    this.#queue = queueOf(ports, { concurrency: PARALLEL, maxKeys, retry, work, onFailure });
  }

  run(abort: AbortSignal): Promise<void> {
    return this.#queue.run(abort);
  }

  aim(siteOf: ReadonlyMap<string, string>, leadership: Leadership): void {
    this.#siteOf = siteOf;
    this.#leadership = leadership;
  }

  /** Whether it is behind a Service is looked at in its turn. */
  add(pod: RoutedPod): void {
    const { services, follower } = this.#options;
    if (services.sizeOf(pod.key.namespace) === 0) return;
    if (desiredLabel(pod, follower, this.#siteOf) === undefined) return;
    this.#queue.add(keyOf(pod.key));
  }

  /** Once for all Services of a namespace that one page of a list brings. */
  addAll(namespaces: Iterable<string>): void {
    if (this.#due.size === 0) queueMicrotask(() => this.#addDue());
    for (const namespace of namespaces) this.#due.add(namespace);
  }

  #addDue(): void {
    for (const namespace of this.#due)
      for (const pod of this.#options.pods.index.in(namespace)) this.add(pod);
    this.#due.clear();
  }

  async #label(key: string, abort: AbortSignal): Promise<void> {
    const parsed = parseKey(key);
    const { services, pods, follower, ports, onWritten } = this.#options;
    await this.#pace.after(services.sizeOf(parsed.namespace), abort);
    const pod = pods.index.get(parsed);
    const site = pod && desiredLabel(pod, follower, this.#siteOf);
    const leadership = this.#leadership;
    if (pod === undefined || site === undefined || leadership?.isLeader() !== true) return;
    if (!isSelected(pod, services.in(parsed.namespace))) return;
    const options = { type: 'merge', fieldManager: PROGRAM, abort: leadership.abort } as const;
    const body = labelPatch(pod, follower, site);
    const answer = await ports.api.patch(PODS, pod.key, body, options).catch(ignoreNotFound);
    if (answer === undefined) return;
    pods.index.update(pods.fromPod(answer));
    onWritten(parsed.namespace);
  }
}

function isSelected({ labels }: RoutedPod, services: Iterable<FollowedService>): boolean {
  const own = new Set(labels);
  for (const { wanted, pods } of services) {
    if (wanted && pods.length > 0 && pods.every((id) => own.has(id))) return true;
  }
  return false;
}
