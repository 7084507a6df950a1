import * as z from 'zod';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import { labelSelector, labelValue, namespace } from '../../config/fields.ts';
import { type Checked, Setting } from '../../config/settings.ts';
import { listAll } from '../../list.ts';
import { onDifference, reflect, type WatchPorts } from '../../reflect.ts';
import type { Observation, Trigger } from '../trigger.ts';
import { triggerKind } from '../trigger-kind.ts';
import { leaderOf } from './claims.ts';
import { PRESET_NAMES, presetSelector } from './presets.ts';

const settings = {
  namespace: new Setting('', 'text', namespace(), 'Namespace of the pods.'),
  preset: new Setting(
    '',
    'text',
    z.enum(PRESET_NAMES, `must be one of ${PRESET_NAMES.join(', ')}`).optional(),
    `Whose labels: ${PRESET_NAMES.map((name) => `\`${name}\``).join(', ')}. Needs \`cluster\`.`,
  ),
  cluster: new Setting(
    '',
    'text',
    labelValue().optional(),
    'With a preset: the name of the cluster, which Patroni calls its scope.',
  ),
  selector: new Setting(
    '',
    'text',
    labelSelector('app=db,role=primary').optional(),
    'Instead of a preset: the label selector that only the primary’s pod matches.',
  ),
};

type Config = Checked<typeof settings>;

export const POD_LABEL = triggerKind({
  name: 'pod-label',
  meaning: 'The pod that has the label of the primary, as Patroni and the operators that use it set it.',
  settings,
  rights: ({ namespace }) => [
    {
      namespace,
      group: '',
      resource: PODS.plural,
      verbs: ['list', 'watch'],
      reason: 'Reads which pod has the label of the primary, and hears at once when that changes.',
    },
  ],
  check({ preset, cluster, selector }, { report }) {
    if (preset === undefined) {
      if (cluster !== undefined)
        report(['cluster'], cluster, 'is for presets only: name one, or use selector');
      if (selector === undefined) report(['selector'], undefined, 'is required, unless there is a preset');
      return;
    }
    if (cluster === undefined) report(['cluster'], undefined, `is required with the preset ${preset}`);
    if (selector !== undefined) report(['selector'], selector, `cannot stand beside the preset ${preset}`);
  },
  create: (config, ports) => new PodLabelTrigger(config, ports),
});

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

  async watch(wake: () => void, signal: AbortSignal): Promise<void> {
    const pods = reflect(this.#ports, {
      resource: PODS,
      ...this.#selection,
      keep: whatMatters,
      onChange: onDifference(wake),
    });
    await pods.run(signal);
  }

  async observe(signal: AbortSignal): Promise<Observation> {
    const pods = await listAll(this.#ports.api, PODS, this.#selection, signal);
    return leaderOf(pods, this.#selection.labelSelector, { isPatroni: this.#isPatroni });
  }
}

/** The annotation changes with every bit of WAL; but whether its pod leads is told by its label. */
function whatMatters({ metadata, spec, status }: Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return JSON.stringify([metadata.uid, metadata.deletionTimestamp, spec?.nodeName, ready]);
}
