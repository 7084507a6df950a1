import { selects } from '../../kubernetes/selector.ts';
import { DISRUPTION_BUDGETS } from '../cluster/resources.ts';
import { type Check, type Finding, problem, titleOf } from './check.ts';
import { BETTER, standbys } from './gated.ts';

export const BUDGETS: Check = {
  name: 'disruption-budgets',
  title: 'no PodDisruptionBudget keeps standby nodes from being drained',
  async find(world) {
    const [budgets, waiting] = await Promise.all([world.list(DISRUPTION_BUDGETS), standbys(world)]);
    const findings = budgets.flatMap((budget): Finding[] => {
      const { selector, unhealthyPodEvictionPolicy } = budget.spec ?? {};
      const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
      // By default (IfHealthyBudget) unready pods are protected only while fewer are healthy than desired.
      if (selector === undefined || unhealthyPodEvictionPolicy === 'AlwaysAllow') return [];
      if (disruptionsAllowed > 0 || currentHealthy >= desiredHealthy) return [];
      const held = waiting.filter(
        ({ metadata }) =>
          metadata.namespace === budget.metadata.namespace && selects(selector, metadata.labels),
      );
      if (held.length === 0) return [];
      return [
        problem(
          titleOf('PodDisruptionBudget', budget),
          `no node with one of its ${held.length} standby pods can be drained: it requires ${desiredHealthy} healthy and counts ${currentHealthy}, as standbys are unready on purpose`,
          `Set unhealthyPodEvictionPolicy: AlwaysAllow, or better: ${BETTER}`,
        ),
      ];
    });
    return { findings };
  },
};
