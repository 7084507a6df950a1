import type { KubeObject } from '../../../kubernetes/api.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import { namespaced } from '../../../kubernetes/resources.ts';
import { onDifference, reflect, type WatchPorts } from '../../watch/reflect.ts';
import { locateNamedPod, type NamedPod } from '../named-pod.ts';
import { type Observation, type Trigger, type Unknown, unknown } from '../trigger.ts';

export interface Psmdb extends KubeObject {
  /** `pause` takes all pods away, and leaves everything else. */
  readonly spec?: { readonly pause?: boolean };
  /** Written by the operator every five seconds, from `rs.status()`. Anything may stand there before it is. */
  readonly status?: { readonly replsets?: unknown };
}

export const PSMDBS = namespaced<Psmdb>(
  'psmdb.percona.com/v1',
  'perconaservermongodbs',
  'PerconaServerMongoDB',
);

export interface PsmdbOptions {
  readonly ports: WatchPorts;
  readonly namespace: string;
  readonly clusterName: string;
  readonly replicaSet: string;
}

/** MemberState PRIMARY of the server. */
const PRIMARY = 1;

/** Follows the primary that Percona's operator shows in the status of its custom resource. */
export class PsmdbTrigger implements Trigger {
  readonly #options: PsmdbOptions;
  readonly #source: string;

  constructor(options: PsmdbOptions) {
    this.#options = options;
    this.#source = `PerconaServerMongoDB ${options.namespace}/${options.clusterName}`;
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    const { ports, namespace, clusterName } = this.#options;
    const objects = reflect(ports, {
      resource: PSMDBS,
      namespace,
      fieldSelector: `metadata.name=${clusterName}`,
      transform: (object: Psmdb) => JSON.stringify(this.#primaryIn(object)),
      onChange: onDifference(enqueue),
    });
    await objects.run(abort);
  }

  async observe(abort: AbortSignal): Promise<Observation> {
    const { ports, namespace, clusterName: name } = this.#options;
    const read = async (inner: AbortSignal) => {
      const object = await ports.api.get(PSMDBS, { namespace, name }, { abort: inner }).catch(ignoreNotFound);
      return object === undefined
        ? unknown('SourceNotFound', `${this.#source} does not exist`)
        : this.#primaryIn(object);
    };
    return await locateNamedPod(ports, this.#source, read, abort);
  }

  #primaryIn({ metadata, spec, status }: Psmdb): NamedPod | Unknown {
    const { namespace, replicaSet } = this.#options;
    if (metadata.deletionTimestamp !== undefined) {
      return unknown('ClusterDeleting', `${this.#source} is being deleted`);
    }
    if (spec?.pause === true) return unknown('ClusterHibernated', `${this.#source} is paused`);
    const where = `${this.#source}, replica set ${replicaSet},`;
    const members = fieldOf(fieldOf(status?.replsets, replicaSet), 'members');
    if (members === undefined) return unknown('PrimaryEmpty', `${where} shows no members`);
    if (typeof members !== 'object' || Array.isArray(members)) {
      return unknown('SourceInvalid', `${where} has members that are no map of pods`);
    }
    // The deprecated form lacks the state of a member; then nobody is primary.
    const primaries = Object.entries(members as object).filter(
      ([, member]) => fieldOf(member, 'state') === PRIMARY,
    );
    const [primary] = primaries;
    if (primary === undefined) return unknown('PrimaryEmpty', `${where} shows no primary`);
    if (primaries.length === 1) return { namespace, pod: primary[0] };
    const names = primaries.map(([name]) => name).sort();
    return unknown('PrimaryAmbiguous', `${where} shows several primaries: ${names.join(', ')}`);
  }
}

/** Undefined also where it would have to be a field of something that has none. */
function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[field] ?? undefined;
}
