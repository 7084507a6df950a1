import type { ObjectIndex } from '../../../kubernetes/object-index.ts';
import { parseKey } from '../../../kubernetes/object-index.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { type Clock, sleep } from '../../../runtime/clock.ts';
import { Wakeup } from '../../../runtime/wakeup.ts';
import { dueAt, type Evaluation, evaluate, type ServiceTransition, transitions } from './evaluate.ts';
import { isSame } from './label-ids.ts';
import { Pace } from './pace.ts';
import type { Goal, ServiceEvaluation } from './plan.ts';
import { countPods, type PodCounts, type RoutedPod } from './pods.ts';
import { ReadyPods } from './ready-pods.ts';
import type { FollowedService } from './service.ts';

/** Called for each outcome; for Events and metrics. */
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
  readonly #pace: Pace;
  readonly #namespaces = new Set<string>();
  readonly #evaluations = new Map<string, Evaluation>();
  #goal: Goal | undefined;
  #siteOf: ReadonlyMap<string, string> = new Map();
  #begun = false;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#wakeup = new Wakeup(options.clock, 0);
    this.#pace = new Pace(options.clock);
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
    let tookMs = 0;
    while (!abort.aborted) {
      await this.#wakeup.wait(Math.max(0, Math.min(IDLE_MS, due - clock.elapsed())), abort);
      // However much there is to look at, as much time is left to everything else.
      await sleep(clock, Math.max(GAP_MS, tookMs), abort);
      const began = clock.elapsed();
      if (!abort.aborted && this.#begun && this.#goal !== undefined) due = await this.#inspect(abort);
      tookMs = clock.elapsed() - began;
    }
  }

  #lookEverywhere(): void {
    for (const namespace of this.#options.services.namespaces()) this.#namespaces.add(namespace);
    this.#wakeup.notify();
  }

  /** Gives the time of the next look that time alone demands. */
  async #inspect(abort: AbortSignal): Promise<number> {
    const { services, observer } = this.#options;
    const namespaces = new Set(this.#namespaces);
    this.#namespaces.clear();
    let due = Number.POSITIVE_INFINITY;
    for (const namespace of this.#smallestFirst()) {
      const dueThere = await this.#inspectNamespace(namespace, namespaces.has(namespace), abort);
      if (abort.aborted) return due;
      due = Math.min(due, dueThere);
    }
    for (const name of this.#evaluations.keys()) {
      if (!hasPods(services.get(parseKey(name)))) this.#evaluations.delete(name);
    }
    observer.onCount(this.#count());
    return due;
  }

  /** Who has many Services has nobody else wait. */
  #smallestFirst(): readonly string[] {
    const { services } = this.#options;
    const size = new Map([...services.namespaces()].map((each) => [each, services.sizeOf(each)] as const));
    return [...size.keys()].toSorted((one, other) => (size.get(one) ?? 0) - (size.get(other) ?? 0));
  }

  async #inspectNamespace(namespace: string, hasChanged: boolean, abort: AbortSignal): Promise<number> {
    const { clock, services, pods } = this.#options;
    const listed = [...services.in(namespace)].filter(hasPods);
    let due = Number.POSITIVE_INFINITY;
    let ready: ReadyPods | undefined;
    for (const { key, pods: selector } of listed) {
      // It may have become another one while this waited for its turn: then it is looked at again.
      const service = services.get(key);
      if (!hasPods(service) || !isSame(service.pods, selector)) continue;
      let evaluation = this.#evaluations.get(keyOf(key));
      if (hasChanged || evaluation === undefined || dueAt(service, evaluation) <= clock.elapsed()) {
        ready ??= new ReadyPods(
          pods.in(namespace),
          listed.map((each) => each.pods),
        );
        evaluation = this.#evaluate(service, ready.selectedBy(selector), evaluation);
      }
      if (evaluation !== undefined) due = Math.min(due, dueAt(service, evaluation));
      await this.#pace.after(1 + (ready?.takeSteps() ?? 0), abort);
      if (abort.aborted) break;
    }
    return due;
  }

  #evaluate(
    service: FollowedService,
    pods: readonly RoutedPod[],
    before: Evaluation | undefined,
  ): Evaluation | undefined {
    const { clock, observer, onChange } = this.#options;
    const goal = this.#goal;
    if (goal === undefined) return undefined;
    const name = keyOf(service.key);
    const podCounts = countPods(pods, goal, this.#siteOf);
    const next = evaluate(service, podCounts, goal, before, clock.elapsed());
    this.#evaluations.set(name, next);
    for (const what of transitions(service, before, next)) observer.onTransition(name, what, podCounts, goal);
    const isUnchanged = (['epoch', 'labelled', 'empty', 'anySite'] as const).every(
      (part) => next[part] === before?.[part],
    );
    if (!isUnchanged) onChange(name);
    return next;
  }

  #count(): RoutingCounts {
    const counts = { waiting: 0, routed: 0, empty: 0, 'any-site': 0 };
    for (const service of this.#options.services.all()) {
      const evaluation = this.#evaluations.get(keyOf(service.key));
      if (service.refused !== undefined || service.pods.length === 0) continue;
      if (service.anySite) counts['any-site'] += 1;
      else if (service.site === undefined) counts.waiting += 1;
      else if (evaluation?.emptySince !== undefined) counts.empty += 1;
      else counts.routed += 1;
    }
    return counts;
  }
}

function hasPods(service: FollowedService | undefined): service is FollowedService {
  return service?.wanted === true && service.pods.length > 0;
}
