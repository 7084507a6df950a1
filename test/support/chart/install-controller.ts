import { DEPLOYMENTS } from '../../../cli/cluster/workloads.ts';
import type { KubeObject } from '../../../kubernetes/api.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { SERVICE_ACCOUNTS } from '../seed.ts';
import { chartUnderTest, only, SITES } from './render.ts';

/** Of no registry: no kubelet pulls it. */
export const IMAGE = `registry.example.com/kube-site-follower@sha256:${'0'.repeat(64)}`;

/** The controller's Deployment as Helm makes it, in a namespace that has nothing of it yet. Gives its name. */
export async function installController({ api }: ControlPlaneAccess, namespace: string): Promise<string> {
  const chart = await chartUnderTest();
  const [repository, digest] = IMAGE.split('@');
  const values = { ...SITES, image: { repository, digest } };
  const manifests = await chart.render({ values, args: ['--namespace', namespace] });
  await api.create(SERVICE_ACCOUNTS, only(manifests, 'ServiceAccount', '-controller'));
  const deployment = only(manifests, 'Deployment', '-controller') as KubeObject;
  await api.create(DEPLOYMENTS, deployment);
  return deployment.metadata.name;
}
