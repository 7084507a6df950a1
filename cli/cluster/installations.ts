import type { KubeApi, KubeObject } from '../../kubernetes/api.ts';
import { ignoreForbidden } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import { clusterWide } from '../../kubernetes/resources.ts';
import { OF_CHART } from './chart.ts';

interface ClusterRoleBinding extends KubeObject {
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

const CLUSTER_ROLE_BINDINGS = clusterWide<ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
);

/** As the chart calls the account of the controller. */
const ACCOUNT = /(^|-)controller$/;

/**
 * The namespaces in which the chart was installed, by what nobody can make who has rights in a namespace alone. Undefined where
 * that may not be read.
 */
export async function installedIn(api: KubeApi): Promise<ReadonlySet<string> | undefined> {
  const options = { labelSelector: OF_CHART };
  const bindings = await listAll(api, CLUSTER_ROLE_BINDINGS, options).catch(ignoreForbidden);
  const accounts = bindings
    ?.flatMap(({ subjects = [] }) => subjects)
    .filter(({ kind, name }) => kind === 'ServiceAccount' && ACCOUNT.test(name));
  return accounts && new Set(accounts.flatMap(({ namespace }) => namespace ?? []));
}
