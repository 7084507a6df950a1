import * as z from 'zod';
import { listEach } from '../../../kubernetes/pages.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { labelSelector, labelValue, namespace } from '../../../settings/fields.ts';
import { reflect, type WatchPorts } from '../../watch/reflect.ts';
import type { Observation, Trigger } from '../trigger.ts';
import type { ConfiguredTrigger } from '../trigger-kind.ts';
import { type Candidate, candidateOf, leaderOf } from './candidates.ts';
import { PRESET_NAMES, presetSelector } from './presets.ts';

export const POD_LABEL = z
  .object({
    kind: z.literal('pod-label'),
    namespace: namespace().meta({ description: 'Namespace of the pods.' }),
    preset: z
      .enum(PRESET_NAMES, `must be one of ${PRESET_NAMES.join(', ')}`)
      .optional()
      .meta({
        description: `Whose labels: ${PRESET_NAMES.map((name) => `\`${name}\``).join(', ')}. Needs \`cluster\`.`,
      }),
    cluster: labelValue()
      .optional()
      .meta({ description: 'With a preset: the name of the cluster, which Patroni calls its scope.' }),
    selector: labelSelector('app=db,role=primary')
      .optional()
      .meta({ description: 'Instead of a preset: the label selector that only the primary’s pod matches.' }),
  })
  .meta({
    description:
      'The pod that has the label of the primary, as Patroni and the operators that use it set it.',
  });

type Config = z.output<typeof POD_LABEL>;

export function podLabel(config: Config): ConfiguredTrigger {
  const { namespace, preset, cluster, selector } = config;
  return {
    subject: { namespace, ...(preset !== undefined && cluster !== undefined && { preset, cluster }) },
    rights: [
      {
        namespace,
        group: '',
        resource: PODS.plural,
        verbs: ['list', 'watch'],
        reason: 'Reads which pod has the label of the primary, and hears at once when that changes.',
      },
    ],
    check({ report }) {
      if (preset === undefined) {
        if (cluster !== undefined)
          report('cluster', cluster, 'is for presets only: name one, or use selector');
        if (selector === undefined) report('selector', undefined, 'is required, unless there is a preset');
        return;
      }
      if (cluster === undefined) report('cluster', undefined, `is required with the preset ${preset}`);
      if (selector !== undefined) report('selector', selector, `cannot stand beside the preset ${preset}`);
    },
    create: (ports) => new PodLabelTrigger(config, ports),
  };
}

class PodLabelTrigger implements Trigger {
  readonly #ports: WatchPorts;
  readonly #selection: { readonly namespace: string; readonly labelSelector: string };

  readonly #isPatroni: boolean;

  constructor({ namespace, preset, cluster = '', selector = '' }: Config, ports: WatchPorts) {
    this.#ports = ports;
    const labelSelector = preset === undefined ? selector : presetSelector(preset, cluster);
    this.#isPatroni = preset !== undefined;
    this.#selection = { namespace, labelSelector };
  }

  /** Patroni's annotation changes with every bit of WAL, and readiness mostly decides nothing: only another answer enqueues. */
  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    let last: string | undefined;
    let isDue = false;
    const compare = () => {
      isDue = false;
      const now = JSON.stringify(this.#leaderOf([...pods.list()]));
      if (now !== last) enqueue();
      last = now;
    };
    const pods = reflect(this.#ports, {
      resource: PODS,
      ...this.#selection,
      transform: (pod: Pod) => this.#candidateOf(pod),
      // Once for all pods of a list: each comparison reads all of them.
      onChange: () => {
        if (!isDue) queueMicrotask(compare);
        isDue = true;
      },
    });
    await pods.run(abort);
  }

  async observe(abort: AbortSignal): Promise<Observation> {
    const candidates: Candidate[] = [];
    for await (const pod of listEach(this.#ports.api, PODS, { ...this.#selection, abort })) {
      candidates.push(this.#candidateOf(pod));
    }
    return this.#leaderOf(candidates);
  }

  #candidateOf(pod: Pod): Candidate {
    return candidateOf(pod, { isPatroni: this.#isPatroni });
  }

  #leaderOf(candidates: readonly Candidate[]): Observation {
    return leaderOf(candidates, this.#selection.labelSelector);
  }
}
