import { selects } from '../../kubernetes/selector.ts';
import { DISRUPTION_BUDGETS } from '../cluster/resources.ts';
import { type Check, type Finding, problem } from './check.ts';
import { BETTER, standbys } from './gated.ts';

export const BUDGETS: Check = {
  name: 'disruption-budgets',
  title: 'no PodDisruptionBudget keeps standby nodes from being drained',
  async find(world) {
    const [budgets, waiting] = await Promise.all([world.list(DISRUPTION_BUDGETS), standbys(world)]);
    const findings = budgets.flatMap(({ metadata, spec, status }): Finding[] => {
      const { selector, unhealthyPodEvictionPolicy } = spec ?? {};
      const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
      // Only while fewer are healthy than wanted are unready pods kept from eviction (IfHealthyBudget, the default).
      if (selector === undefined || unhealthyPodEvictionPolicy === 'AlwaysAllow') return [];
      if (disruptionsAllowed > 0 || currentHealthy >= desiredHealthy) return [];
      const held = waiting.filter(
        (pod) => pod.metadata.namespace === metadata.namespace && selects(selector, pod.metadata.labels),
      );
      if (held.length === 0) return [];
      return [
        problem(
          `PodDisruptionBudget ${metadata.namespace}/${metadata.name}`,
          `no node with one of its ${held.length} standby pods can be drained: it requires ${desiredHealthy} healthy and counts ${currentHealthy}, as standbys are unready on purpose`,
          `Set unhealthyPodEvictionPolicy: AlwaysAllow, or better: ${BETTER}`,
        ),
      ];
    });
    return { findings };
  },
};
