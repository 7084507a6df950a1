import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { isSiteLabel } from '../../contract/routing.ts';
import type { KubeApi, ObjectMeta } from '../../kubernetes/api.ts';
import { listEach } from '../../kubernetes/pages.ts';
import { PODS } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Wakeup } from '../../runtime/wakeup.ts';

export interface UnusedNodesOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** A node turned out to be unused. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** The pods of a node that is gone are deleted after some minutes: there is no hurry. */
const ASK_EVERY_MS = 10_000;
/** A zone may lose all its nodes at once; each is one list. */
const ASKED_AT_ONCE = 64;

/** Asks, away from everything that is in a hurry, whether something of ours still runs on nodes that are in doubt. */
export class UnusedNodes {
  readonly #options: UnusedNodesOptions;
  readonly #wakeup: Wakeup;
  #doubtful: readonly string[] = [];
  #unused: ReadonlySet<string> = new Set();
  /** No node waits behind the first ones for ever. */
  #lastAsked = '';

  constructor(options: UnusedNodesOptions) {
    this.#options = options;
    this.#wakeup = new Wakeup(options.clock, 0);
  }

  get known(): ReadonlySet<string> {
    return this.#unused;
  }

  /** All nodes that are in doubt now; what is known of others is forgotten. */
  ask(doubtful: readonly string[]): void {
    const isNews = doubtful.some((name) => !this.#unused.has(name) && !this.#doubtful.includes(name));
    this.#doubtful = doubtful;
    this.#unused = new Set(doubtful.filter((name) => this.#unused.has(name)));
    if (isNews) this.#wakeup.notify();
  }

  async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      await this.#wakeup.wait(ASK_EVERY_MS, abort);
      for (const name of this.#next()) {
        if (abort.aborted) return;
        await this.#look(name, abort);
      }
    }
  }

  #next(): readonly string[] {
    const open = this.#doubtful.filter((name) => !this.#unused.has(name)).toSorted();
    const first = open.findIndex((name) => name > this.#lastAsked);
    return [...open.slice(Math.max(0, first)), ...open.slice(0, Math.max(0, first))].slice(0, ASKED_AT_ONCE);
  }

  async #look(name: string, abort: AbortSignal): Promise<void> {
    this.#lastAsked = name;
    try {
      if (await this.#isInUse(name, abort)) return;
    } catch (error) {
      if (!abort.aborted) this.#options.onFailure(error);
      return;
    }
    if (!this.#doubtful.includes(name)) return;
    this.#unused = new Set([...this.#unused, name]);
    this.#options.onChange();
  }

  async #isInUse(node: string, abort: AbortSignal): Promise<boolean> {
    const fieldSelector = `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed`;
    const pods = listEach(this.#options.api, PODS, { fieldSelector, metadataOnly: true, abort });
    for await (const { metadata } of pods) if (isOurs(metadata)) return true;
    return false;
  }
}

/** It has the sidecar or asks for it, is gated by us, or is one of a Service that follows. */
function isOurs({ labels = {}, annotations = {} }: ObjectMeta): boolean {
  return (
    labels[LABELS.inject] === 'true' ||
    labels[LABELS.gate] !== undefined ||
    annotations[ANNOTATIONS.status] !== undefined ||
    Object.keys(labels).some(isSiteLabel)
  );
}
