import { AUTOSCALERS } from '../cluster/resources.ts';
import { type Check, type Finding, titleOf, warning } from './check.ts';
import { BETTER, ofWorkload, standbys } from './gated.ts';

export const AUTOSCALED: Check = {
  name: 'autoscalers',
  title: 'no HorizontalPodAutoscaler counts standby pods',
  async find(world) {
    const [all, waiting] = await Promise.all([world.list(AUTOSCALERS), standbys(world)]);
    const findings = all.flatMap((autoscaler): Finding[] => {
      const { kind = '', name = '' } = autoscaler.spec?.scaleTargetRef ?? {};
      const { namespace = '' } = autoscaler.metadata;
      const count = ofWorkload(waiting, kind, { metadata: { namespace, name } }).length;
      if (count === 0) return [];
      return [
        warning(
          titleOf('HorizontalPodAutoscaler', autoscaler),
          `${count} pods of ${kind} ${name} are standby: it takes them for pods that are still starting, and scales late or not at all`,
          BETTER,
        ),
      ];
    });
    return { findings };
  },
};
