import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import { CONFIG_MAPS } from '../../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { MountedCopy } from '../mounted-copy.ts';
import { post } from '../raw-api.ts';
import {
  type ConfigMapSource,
  type ContainerManifest,
  fieldOf,
  nativeSidecars,
  type PodManifest,
  type TokenSource,
  type VolumeManifest,
  type VolumeSource,
} from './manifest.ts';

type Data = Readonly<Record<string, string>>;

interface Mounted {
  readonly volume: VolumeManifest;
  readonly copy: MountedCopy;
  last: string;
}

/** A kubelet asks for the next token when this much of the time of the last one has passed. */
const RENEW_AFTER = 0.8;

/** The volumes of a pod that its native sidecars mount, as folders on this machine. */
export class PodVolumes {
  readonly #plane: ControlPlaneAccess;
  readonly #pod: PodManifest;
  readonly #mounted: Mounted[] = [];
  #token = { text: '', renewAt: Number.NEGATIVE_INFINITY };

  private constructor(plane: ControlPlaneAccess, pod: PodManifest) {
    this.#plane = plane;
    this.#pod = pod;
  }

  /** Rejects when something is missing that is not optional. */
  static async mount(plane: ControlPlaneAccess, pod: PodManifest): Promise<PodVolumes> {
    const volumes = new PodVolumes(plane, pod);
    const used = nativeSidecars(pod).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
    try {
      for (const volume of pod.spec.volumes ?? []) {
        if (!used.includes(volume.name)) continue;
        volumes.#mounted.push({ volume, copy: await MountedCopy.create(), last: '{}' });
      }
      await volumes.refresh();
      return volumes;
    } catch (error) {
      await volumes.remove();
      throw error;
    }
  }

  /** Writes what has changed since. */
  async refresh(): Promise<void> {
    for (const mounted of this.#mounted) {
      const data = await this.#read(mounted.volume);
      const text = JSON.stringify(data);
      if (text === mounted.last) continue;
      await mounted.copy.write(data);
      mounted.last = text;
    }
  }

  /** A text in which paths of the container are those of this machine. */
  locate({ volumeMounts = [] }: ContainerManifest, text: string): string {
    for (const { name, mountPath } of volumeMounts) {
      const folder = this.#mounted.find(({ volume }) => volume.name === name)?.copy.folder;
      if (folder !== undefined && (text === mountPath || text.startsWith(`${mountPath}/`))) {
        return folder + text.slice(mountPath.length);
      }
    }
    return text;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#mounted.map(({ copy }) => copy.remove()));
  }

  async #read({ configMap, projected }: VolumeManifest): Promise<Data> {
    const sources = projected?.sources ?? (configMap === undefined ? [] : [{ configMap }]);
    const parts = await Promise.all(sources.map((source) => this.#readSource(source)));
    return Object.assign({}, ...parts) as Data;
  }

  async #readSource(source: VolumeSource): Promise<Data> {
    const { configMap, serviceAccountToken, downwardAPI } = source;
    if (configMap !== undefined) return this.#readConfigMap(configMap);
    if (serviceAccountToken !== undefined) {
      return { [serviceAccountToken.path]: await this.#readToken(serviceAccountToken) };
    }
    if (downwardAPI === undefined)
      throw new Error(`The runner does not know the volume ${JSON.stringify(source)}`);
    return Object.fromEntries(
      downwardAPI.items.map(({ path, fieldRef }) => [path, fieldOf(this.#pod, '', fieldRef.fieldPath)]),
    );
  }

  async #readConfigMap({ name, optional = false, items }: ConfigMapSource): Promise<Data> {
    const { namespace = '' } = this.#pod.metadata;
    const found = await this.#plane.api.get(CONFIG_MAPS, { namespace, name }).catch(ignoreNotFound);
    if (found === undefined && !optional) throw new Error(`ConfigMap ${namespace}/${name} is not there`);
    const { data = {} } = found ?? {};
    if (items === undefined) return data;
    return Object.fromEntries(items.map(({ key, path }) => [path, data[key] ?? '']));
  }

  /** Bound to the pod, as that of a kubelet: it dies with it. */
  async #readToken({ expirationSeconds }: TokenSource): Promise<string> {
    if (performance.now() < this.#token.renewAt) return this.#token.text;
    const { metadata, spec } = this.#pod;
    const account = spec.serviceAccountName ?? 'default';
    const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${account}/token`;
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid };
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds, boundObjectRef },
    };
    const answer = await post(this.#plane, path, body);
    if (answer.status !== 201)
      throw new Error(`No token for ${account}: ${answer.status} ${answer.body.message ?? ''}`);
    const { token } = answer.body.status as { readonly token: string };
    this.#token = { text: token, renewAt: performance.now() + expirationSeconds * 1_000 * RENEW_AFTER };
    return token;
  }
}
