import { LABELS, PROGRAM } from '../../../contract/names.ts';
import { encodeStatus } from '../../../contract/status.ts';
import { type ObjectKey, versionOf } from '../../../kubernetes/api.ts';
import { ignoreNotFound, isLostRace } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../../kubernetes/resources.ts';
import type { WorkQueue } from '../../../kubernetes/work-queue.ts';
import type { FollowerConfig } from '../../config.ts';
import { TenantLog } from '../../tenant-log.ts';
import { Alarm } from '../../watch/alarm.ts';
import { queueOf, type WatchPorts } from '../../watch/reflect.ts';
import type { SignalPorts } from '../ports.ts';
import type { PublishedStatus, Signal } from '../signal.ts';
import { CopyContents, type CopyMetadata } from './contents.ts';
import type { CopyNamespaces } from './namespaces.ts';
import { CopyPace } from './pace.ts';
import { type CopyChange, planCopy } from './plan.ts';
import { CopySources, copyMetadata } from './sources.ts';

export interface StatusCopiesOptions {
  readonly ports: WatchPorts;
  readonly namespaces: CopyNamespaces;
  readonly follower: string;
  /** The name of the status ConfigMap; copies have the same. */
  readonly name: string;
  /** Where the status itself is: it needs no copy. */
  readonly namespace: string;
  readonly onRefused: (namespace: string, reason: string) => void;
  readonly onFailure: (copy: string, error: unknown) => void;
  readonly onCount: (counts: { readonly wanted: number; readonly present: number }) => void;
}

interface CopyGoal {
  readonly state: PublishedStatus;
  readonly data: Readonly<Record<string, string>>;
  readonly leadership: Leadership;
}

const RESYNC_MS = 60_000;
const PARALLEL_WRITES = 8;

/**
 * Copies of the status ConfigMap, to be mounted: a pod can mount only what is in its own namespace. Namespaces ask
 * with a label; those with injected pods have one anyway. Copies that are no longer wanted are removed.
 * Each copy is a key of its own in a queue: a namespace that refuses it holds up no other.
 */
export class StatusCopies implements Signal {
  readonly name = 'status-copies';
  readonly resyncMs = RESYNC_MS;
  readonly #options: StatusCopiesOptions;
  readonly #queue: WorkQueue;
  readonly #sources: CopySources;
  readonly #contents: CopyContents;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #pace: CopyPace;
  readonly #later: Alarm;
  #goal: CopyGoal | undefined;
  #synced = false;

  constructor(options: StatusCopiesOptions) {
    const { clock } = options.ports;
    this.#options = options;
    this.#pace = new CopyPace(clock);
    this.#later = new Alarm(clock);
    this.#labels = {
      [LABELS.managedBy]: PROGRAM,
      [LABELS.role]: 'copy',
      [LABELS.follower]: options.follower,
      // Another installation in this cluster serves the same namespaces; each keeps to the copies that it made.
      [LABELS.source]: options.namespace,
    };
    this.#queue = queueOf(options.ports, {
      concurrency: PARALLEL_WRITES,
      work: (key) => this.#bringInLine(key),
      onFailure: (key, error) => options.onFailure(key, error),
    });
    this.#contents = new CopyContents(options.ports.api, this.#labels);
    const enqueue = (namespace: string, name: string) => {
      if (this.#synced) this.#queue.add(`${namespace}/${name}`);
    };
    this.#sources = new CopySources(
      options.ports,
      options.namespaces,
      options.name,
      this.#labels,
      (namespace) => enqueue(namespace, options.name),
      (key) => {
        if (this.#sources.copy(key) === undefined) this.#contents.forget(key);
        enqueue(key.namespace, key.name);
      },
      () => this.#contents.clear(),
    );
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    this.#later.connect(enqueue, abort);
    void this.#sources.synced.then(() => {
      this.#synced = true;
      enqueue();
    });
    await Promise.all([this.#sources.run(abort), this.#queue.run(abort)]);
  }

  /**
   * Resolves when every copy is queued; those that fail are retried one by one, with the newest state. One that comes
   * too early is waited with: the newest is applied then.
   */
  apply(state: PublishedStatus, leadership: Leadership): Promise<void> {
    const waitMs = this.#pace.admit(state.status);
    this.#later.set(waitMs > 0 ? waitMs : undefined);
    const admitted = waitMs > 0 && this.#goal !== undefined ? this.#goal.state : state;
    this.#goal = { state: admitted, data: encodeStatus(admitted.status), leadership };
    if (this.#synced) {
      const { name, namespace: own } = this.#options;
      const wanting = this.#sources.wanting();
      wanting.delete(own);
      const copies = [...this.#sources.copies()].map(({ key }) => `${key.namespace}/${key.name}`);
      for (const namespace of wanting) this.#queue.add(`${namespace}/${name}`);
      for (const key of copies) this.#queue.add(key);
      this.#options.onCount({ wanted: wanting.size, present: copies.length });
    }
    return Promise.resolve();
  }

  async #bringInLine(key: string): Promise<void> {
    if (this.#goal === undefined) return;
    const { leadership } = this.#goal;
    const [namespace = '', name = ''] = key.split('/');
    const seen = this.#sources.copy({ namespace, name });
    try {
      const found = seen && (await this.#contentsOf(seen, leadership.abort));
      const step = this.#plan({ namespace, name }, found);
      if (step !== undefined) await this.#write(step, leadership);
    } catch (error) {
      if (!isLostRace(error)) throw error;
      // The watch has not shown this copy, and may not for minutes when it has died, so read it.
      await this.#bringInLineUnseen({ namespace, name }, leadership);
    }
  }

  async #contentsOf(seen: CopyMetadata, abort: AbortSignal): Promise<ConfigMap | undefined> {
    if (!this.#isWanted(seen.key)) return seen.isEnding ? undefined : this.#contents.bare(seen);
    return await this.#contents.of(seen, this.#data(), abort);
  }

  async #bringInLineUnseen(key: Required<ObjectKey>, leadership: Leadership): Promise<void> {
    const { ports, onRefused } = this.#options;
    const { abort } = leadership;
    const metadata = await ports.api
      .get(CONFIG_MAPS, key, { abort, metadataOnly: true })
      .catch(ignoreNotFound);
    const labels = metadata?.metadata.labels ?? {};
    const isOurs = Object.entries(this.#labels).every(([name, value]) => labels[name] === value);
    if (metadata !== undefined && !isOurs) {
      const source = labels[LABELS.source];
      const whose = source === undefined ? 'is not ours' : `the controller in ${source} keeps`;
      onRefused(key.namespace, `a ConfigMap ${key.name} that ${whose} is there already`);
      return;
    }
    const found = metadata && (await this.#contentsOf(copyMetadata(metadata), abort));
    const step = this.#plan(key, found);
    if (step !== undefined) await this.#write(step, leadership);
  }

  #isWanted({ namespace, name }: Required<ObjectKey>): boolean {
    const isCopy = namespace !== this.#options.namespace && name === this.#options.name;
    return isCopy && this.#sources.wants(namespace);
  }

  #data(): Readonly<Record<string, string>> {
    return this.#goal?.data ?? {};
  }

  #plan({ namespace, name }: Required<ObjectKey>, found: ConfigMap | undefined): CopyChange | undefined {
    return (
      this.#goal &&
      planCopy({
        name,
        namespace,
        labels: this.#labels,
        data: this.#data(),
        wanted: this.#isWanted({ namespace, name }),
        found,
      })
    );
  }

  /**
   * Every write is a compare-and-set: a leader that was deposed meanwhile cannot put an older copy back. One that
   * finds a newer copy because it was deposed must not go on from there.
   */
  async #write({ action, object }: CopyChange, leadership: Leadership): Promise<void> {
    if (!leadership.isLeader()) return;
    const { api } = this.#options.ports;
    const { abort } = leadership;
    const { name, namespace = '' } = object.metadata;
    if (action === 'replace') {
      this.#contents.learn(await api.replace(CONFIG_MAPS, object, { abort }), object.data ?? {});
    } else if (action === 'delete') {
      await api
        .delete(CONFIG_MAPS, { name, namespace }, { ...versionOf(object), abort })
        .catch(ignoreNotFound);
    } else {
      this.#contents.learn(await api.create(CONFIG_MAPS, object, { abort }), object.data ?? {});
    }
  }
}

export function statusCopies({ name: follower }: FollowerConfig, ports: SignalPorts): readonly Signal[] {
  const { statusMap, events, metrics } = ports;
  const log = new TenantLog(ports.log, ports.clock);
  const copies = new StatusCopies({
    ports,
    namespaces: ports,
    follower,
    ...statusMap,
    onRefused: (namespace, reason) =>
      events({ reason: 'CopyRefused', namespace, note: `Namespace ${namespace}: ${reason}` }),
    onFailure: (copy, err) =>
      log.warn(copy, { follower, copy, err }, 'status copy could not be written, retrying'),
    onCount: (counts) => {
      for (const [progress, count] of Object.entries(counts))
        metrics.copies.set({ follower, progress }, count);
    },
  });
  return [copies];
}
