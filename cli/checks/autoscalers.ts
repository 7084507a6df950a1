import { AUTOSCALERS } from '../cluster/resources.ts';
import { type Check, type Finding, warning } from './check.ts';
import { BETTER, ofWorkload, standbys } from './gated.ts';

export const AUTOSCALED: Check = {
  name: 'autoscalers',
  title: 'no HorizontalPodAutoscaler counts standby pods',
  async find(world) {
    const [all, waiting] = await Promise.all([world.list(AUTOSCALERS), standbys(world)]);
    const findings = all.flatMap(({ metadata, spec }): Finding[] => {
      const { kind = '', name = '' } = spec?.scaleTargetRef ?? {};
      const namespace = metadata.namespace ?? '';
      const count = ofWorkload(waiting, kind, { metadata: { namespace, name } }).length;
      if (count === 0) return [];
      return [
        warning(
          `HorizontalPodAutoscaler ${namespace}/${metadata.name}`,
          `${count} pods of ${kind} ${name} are standby: it takes them for pods that are still starting, and scales late or not at all`,
          BETTER,
        ),
      ];
    });
    return { findings };
  },
};
