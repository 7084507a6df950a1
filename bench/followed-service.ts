import { LABELS } from '../contract/names.ts';
import type { KubeApi } from '../kubernetes/api.ts';
import { PODS, type Pod, SERVICES, type Service } from '../kubernetes/resources.ts';
import { EAST, WEST } from '../test/support/two-sites.ts';

export interface FollowedServiceOptions {
  readonly namespace: string;
  readonly name: string;
  /** On both sites in turn. */
  readonly pods: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Service that follows, with its pods. */
export async function createFollowedService(
  api: KubeApi,
  { namespace, name, pods, annotations = {} }: FollowedServiceOptions,
): Promise<void> {
  const labels = { app: name };
  for (let number = 0; number < pods; number += 1) {
    const { nodeName } = number % 2 === 0 ? EAST : WEST;
    const spec = { nodeName, containers: [{ name: 'app', image: 'app' }] };
    await api.create<Pod>(PODS, { metadata: { namespace, name: `${name}-${number}`, labels }, spec });
  }
  const spec = { selector: labels, ports: [{ port: 80 }] };
  const metadata = { namespace, name, labels: { [LABELS.follow]: 'true' }, annotations };
  await api.create<Service>(SERVICES, { metadata, spec });
}
