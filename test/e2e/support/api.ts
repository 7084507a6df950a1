/** The API server of the real cluster, and calls that the project's own client has no need for. */

import type { KubeObject, Resource } from '../../../kubernetes/api.ts';
import { connect, type KubeConnection } from '../../../kubernetes/client.ts';
import { Connection } from '../../../kubernetes/connection.ts';
import { loadKube } from '../../../kubernetes/kube-config.ts';
import { text } from '../../../kubernetes/lines.ts';
import { systemClock } from '../../../runtime/clock.ts';

const LIMIT_MS = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** A resource as discovery tells it. */
export type Discovered = Omit<Resource, 'type'>;

export class ClusterApi {
  readonly objects: KubeConnection;
  readonly #raw: Connection;

  constructor(kubeconfig: string) {
    const { kubeConfig } = loadKube({ KUBECONFIG: kubeconfig });
    this.objects = connect({ kubeConfig, clock: systemClock });
    this.#raw = new Connection(kubeConfig);
  }

  /** The body of a GET. Rejects when it is not 2xx. */
  async read(target: string, accept = 'application/json', timeoutMs = LIMIT_MS): Promise<string> {
    const abort = AbortSignal.timeout(timeoutMs);
    const { statusCode, body } = await this.#raw.request({ method: 'GET', target, accept }, abort);
    const answer = await text(body, MAX_BYTES);
    if (statusCode < 200 || statusCode >= 300)
      throw new Error(`GET ${target}: ${statusCode} ${answer.slice(0, 500)}`);
    return answer;
  }

  /** What a pod answers on one of its ports, asked through the API server. */
  askPod(
    { namespace = '', name }: KubeObject['metadata'],
    port: number,
    path: string,
    timeoutMs?: number,
  ): Promise<string> {
    return this.read(`/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy${path}`, '*/*', timeoutMs);
  }

  /** Every resource that can be listed, in the version that the server prefers. */
  async resources(): Promise<readonly Discovered[]> {
    const { groups } = JSON.parse(await this.read('/apis')) as {
      readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
    };
    const versions = ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
    const found = await Promise.all(versions.map((version) => this.#resourcesOf(version)));
    return found.flat();
  }

  async #resourcesOf(groupVersion: string): Promise<Discovered[]> {
    const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
    const { resources } = JSON.parse(
      await this.read(`/${group === '' ? 'api' : 'apis'}/${groupVersion}`),
    ) as {
      readonly resources: readonly {
        readonly name: string;
        readonly kind: string;
        readonly namespaced: boolean;
        readonly verbs: readonly string[];
      }[];
    };
    return resources
      .filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list'))
      .map(({ name, kind, namespaced }) => ({
        group: group ?? '',
        version: version ?? '',
        plural: name,
        kind,
        namespaced,
      }));
  }

  /** Metadata of all objects of a resource, in all namespaces. */
  async metadata({ group, version, plural }: Discovered): Promise<readonly KubeObject['metadata'][]> {
    const root = group === '' ? '/api' : `/apis/${group}`;
    const list = JSON.parse(await this.read(`${root}/${version}/${plural}`, PARTIAL_LIST)) as {
      readonly items: readonly KubeObject[] | null;
    };
    return (list.items ?? []).map(({ metadata }) => metadata);
  }

  async close(): Promise<void> {
    await Promise.all([this.objects.close(), this.#raw.close()]);
  }
}
