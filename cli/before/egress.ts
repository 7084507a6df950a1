import type { KubeObject } from '../../kubernetes/api.ts';
import { namespaced } from '../../kubernetes/resources.ts';
import { type Selector, selects } from '../../kubernetes/selector.ts';
import { type Check, skip, titleOf, warning } from '../checks/check.ts';
import { whole } from '../cluster/kept.ts';
import { type Before, GIVE_MANIFESTS } from './before.ts';

interface NetworkPolicy extends KubeObject {
  readonly spec?: {
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly egress?: readonly { readonly to?: readonly unknown[]; readonly ports?: readonly unknown[] }[];
  };
}

const NETWORK_POLICIES = namespaced<NetworkPolicy>(
  'networking.k8s.io/v1',
  'networkpolicies',
  'NetworkPolicy',
);

/** What the controller really reaches shows only once its pods run. */
export const EGRESS: Check<Before> = {
  name: 'egress',
  title: 'no NetworkPolicy of the namespace limits what the controller reaches',
  async find(world) {
    const { namespace, planned } = world;
    if (planned === undefined) return skip(GIVE_MANIFESTS);
    const policies = await world.list(whole(NETWORK_POLICIES), { namespace });
    const limiting = policies.filter(
      ({ spec }) =>
        spec?.policyTypes?.includes('Egress') &&
        selects({ matchExpressions: [], ...spec.podSelector }, planned.controllerLabels) &&
        !spec.egress?.some(({ to, ports }) => to === undefined && ports === undefined),
    );
    return {
      findings: limiting.map((policy) =>
        warning(
          titleOf('NetworkPolicy', policy),
          'it limits what the controller’s pods reach; without the API server nothing works, without the DNS provider no record follows',
          'Admit the API server, port 53 and the hosts of the DNS provider for pods with app.kubernetes.io/component=controller.',
        ),
      ),
    };
  },
};
