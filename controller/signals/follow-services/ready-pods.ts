import type { LabelIds } from './label-ids.ts';
import type { RoutedPod } from './pods.ts';

/** The ready pods of one namespace by their labels, so that a Service does not look at those of all others. */
export class ReadyPods {
  readonly #byLabel = new Map<number, Set<RoutedPod>>();
  #steps = 0;

  /** `selectors`: those that will be asked for. */
  constructor(pods: Iterable<RoutedPod>, selectors: Iterable<LabelIds>) {
    for (const selector of selectors) for (const id of selector) this.#byLabel.set(id, new Set());
    for (const pod of pods) {
      this.#steps += 1;
      if (!pod.ready) continue;
      this.#steps += pod.labels.length;
      for (const id of pod.labels) this.#byLabel.get(id)?.add(pod);
    }
  }

  /** None for a selector without any label, as for a Service. */
  selectedBy(selector: LabelIds): RoutedPod[] {
    const [fewest, ...others] = selector
      .map((id) => this.#byLabel.get(id) ?? new Set<RoutedPod>())
      .toSorted((one, other) => one.size - other.size);
    this.#steps += selector.length;
    return [...(fewest ?? [])].filter((pod) =>
      others.every((pods) => {
        this.#steps += 1;
        return pods.has(pod);
      }),
    );
  }

  /** How many steps were taken since this was asked last: many pods and Services may have much in common. */
  takeSteps(): number {
    const steps = this.#steps;
    this.#steps = 0;
    return steps;
  }
}
