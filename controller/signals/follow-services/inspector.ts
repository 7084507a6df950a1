import type { ObjectIndex } from '../../../kubernetes/object-index.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { type Clock, sleep } from '../../../runtime/clock.ts';
import { Wakeup } from '../../../runtime/wakeup.ts';
import { dueAt, type Evaluation, evaluate, type ServiceTransition, transitions } from './evaluate.ts';
import type { Goal, ServiceEvaluation } from './plan.ts';
import { countPods, type PodCounts, type RoutedPod } from './pods.ts';
import type { FollowedService } from './service.ts';

/** Told what happens here; for Events and metrics. */
export interface RoutingObserver {
  onTransition(service: string, what: ServiceTransition, podCounts: PodCounts, goal: Goal): void;
  onCount(counts: RoutingCounts): void;
}

/** Services: waiting for their pods before they are followed, routed, routed although the site is empty, or to any. */
export type RoutingCounts = Readonly<Record<'waiting' | 'routed' | 'empty' | 'any-site', number>>;

export interface InspectorOptions {
  readonly clock: Clock;
  readonly services: ObjectIndex<FollowedService>;
  readonly pods: ObjectIndex<RoutedPod>;
  readonly observer: RoutingObserver;
  /** The evaluation of a Service, `namespace/name`, is another one. */
  readonly onChange: (service: string) => void;
}

/** A burst of changes of pods costs one look. Nothing at a move waits for it. */
const GAP_MS = 100;
const IDLE_MS = 60_000;

/** Looks at the pods of the Services, away from the fast path: which can be followed by now, and which are empty. */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #wakeup: Wakeup;
  readonly #namespaces = new Set<string>();
  readonly #evaluations = new Map<string, Evaluation>();
  #goal: Goal | undefined;
  #siteOf: ReadonlyMap<string, string> = new Map();
  #begun = false;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#wakeup = new Wakeup(options.clock, 0);
  }

  /** All pods are known from now on. */
  begin(): void {
    this.#begun = true;
    this.#lookEverywhere();
  }

  aim(goal: Goal, siteOf: ReadonlyMap<string, string>): void {
    const isNews =
      goal.epoch !== this.#goal?.epoch || goal.site !== this.#goal.site || siteOf !== this.#siteOf;
    this.#goal = goal;
    this.#siteOf = siteOf;
    if (isNews) this.#lookEverywhere();
  }

  /** Something has changed in this namespace. */
  look(namespace: string): void {
    this.#namespaces.add(namespace);
    this.#wakeup.notify();
  }

  evaluationOf(service: string): ServiceEvaluation | undefined {
    return this.#evaluations.get(service);
  }

  async run(abort: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let due = Number.POSITIVE_INFINITY;
    while (!abort.aborted) {
      await this.#wakeup.wait(Math.max(0, Math.min(IDLE_MS, due - clock.elapsed())), abort);
      await sleep(clock, GAP_MS, abort);
      if (!abort.aborted && this.#begun && this.#goal !== undefined) due = this.#inspect(this.#goal);
    }
  }

  #lookEverywhere(): void {
    for (const namespace of this.#options.services.namespaces()) this.#namespaces.add(namespace);
    this.#wakeup.notify();
  }

  /** Gives the time of the next look that time alone demands. */
  #inspect(goal: Goal): number {
    const { clock, services } = this.#options;
    const now = clock.elapsed();
    let due = Number.POSITIVE_INFINITY;
    const alive = new Set<string>();
    for (const service of services.all()) {
      if (!service.wanted || Object.keys(service.pods).length === 0) continue;
      const name = keyOf(service.key);
      alive.add(name);
      const before = this.#evaluations.get(name);
      const isQuiet = !this.#namespaces.has(service.key.namespace) && before !== undefined;
      const next =
        isQuiet && dueAt(service, before) > now ? before : this.#evaluate(name, service, goal, before, now);
      due = Math.min(due, dueAt(service, next));
    }
    for (const name of this.#evaluations.keys()) if (!alive.has(name)) this.#evaluations.delete(name);
    this.#namespaces.clear();
    this.#options.observer.onCount(this.#count());
    return due;
  }

  #evaluate(
    name: string,
    service: FollowedService,
    goal: Goal,
    before: Evaluation | undefined,
    now: number,
  ): Evaluation {
    const { pods, observer, onChange } = this.#options;
    const podCounts = countPods(service, pods.in(service.key.namespace), goal, this.#siteOf);
    const next = evaluate(service, podCounts, goal, before, now);
    this.#evaluations.set(name, next);
    for (const what of transitions(service, before, next)) observer.onTransition(name, what, podCounts, goal);
    const isSame = (['epoch', 'labelled', 'empty', 'anySite'] as const).every(
      (part) => next[part] === before?.[part],
    );
    if (!isSame) onChange(name);
    return next;
  }

  #count(): RoutingCounts {
    const counts = { waiting: 0, routed: 0, empty: 0, 'any-site': 0 };
    for (const service of this.#options.services.all()) {
      const evaluation = this.#evaluations.get(keyOf(service.key));
      if (service.refused !== undefined || Object.keys(service.pods).length === 0) continue;
      if (service.anySite) counts['any-site'] += 1;
      else if (service.site === undefined) counts.waiting += 1;
      else if (evaluation?.emptySince !== undefined) counts.empty += 1;
      else counts.routed += 1;
    }
    return counts;
  }
}
