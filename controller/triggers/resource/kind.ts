import * as z from 'zod';
import type { KubeObject, Resource } from '../../../kubernetes/api.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import { isObjectName } from '../../../runtime/object-names.ts';
import type { Permission } from '../../../runtime/rights.ts';
import { matching, namespace, objectName } from '../../../settings/fields.ts';
import { onDifference, reflect, type WatchPorts } from '../../watch/reflect.ts';
import { locateNamedPod, locatesPod } from '../named-pod.ts';
import { type Observation, type Trigger, type Unknown, unknown } from '../trigger.ts';
import type { CheckContext, ConfiguredTrigger } from '../trigger-kind.ts';
import { canonicalPath, pathProblem, select, shorten } from './path.ts';

export const RESOURCE = z
  .object({
    kind: z.literal('resource'),
    apiVersion: matching(
      /^(([a-z0-9]([-a-z0-9.]*[a-z0-9])?)\/)?v[a-z0-9]+$/,
      'must be a group and a version such as mysql.oracle.com/v2, or v1',
    ).meta({ description: 'The object’s `apiVersion`.' }),
    resource: matching(
      /^[a-z][a-z0-9]*$/,
      'must be the plural of the kind as in `kubectl api-resources`, such as pods',
    ).meta({ description: 'The plural of its kind, as the first column of `kubectl api-resources` has it.' }),
    namespace: namespace().optional().meta({ description: 'Its namespace; not set: it has none.' }),
    name: objectName('an object').meta({ description: 'Its name.' }),
    path: z
      .string('must be a JSONPath such as .status.primary')
      .transform(canonicalPath)
      .superRefine((path, context) => {
        const problem = pathProblem(path);
        if (problem !== undefined) context.addIssue(`must be a JSONPath (RFC 9535): ${problem}`);
      })
      .meta({
        description:
          'JSONPath (RFC 9535) of the field that has the name: `$.status.primary`; `.status.primary` and `{.status.primary}` mean the same.',
      }),
    names: z
      .enum(['pod', 'node'], 'must be pod or node')
      .default('pod')
      .meta({ description: 'What the field has the name of: `pod` or `node`.' }),
    podNamespace: namespace()
      .optional()
      .meta({ description: 'Namespace of that pod; not set: the namespace of the object.' }),
  })
  .meta({ description: 'The pod or node that a field of any object names.' });

type Config = z.output<typeof RESOURCE>;

export function resource(config: Config): ConfiguredTrigger {
  const { names, namespace = '', podNamespace = namespace } = config;
  return {
    // A node is no pod.
    subject: names === 'node' ? {} : { namespace: podNamespace },
    rights: rightsFor(config),
    check: (context) => check(config, context),
    create: (ports) => new ResourceTrigger(config, ports),
  };
}

function rightsFor({
  apiVersion,
  resource,
  namespace,
  name,
  names,
  podNamespace = namespace ?? '',
}: Config): readonly Permission[] {
  const object: Permission = {
    ...(namespace !== undefined && { namespace }),
    group: partsOf(apiVersion).group,
    resource,
    name,
    verbs: ['get', 'list', 'watch'],
    reason: 'Reads whom the object names, and hears at once when that changes.',
  };
  const pod = locatesPod(podNamespace, 'Reads on which node the pod runs that the object names.');
  return names === 'node' ? [object] : [object, pod];
}

function check(
  { apiVersion, resource, namespace, names, podNamespace }: Config,
  { report }: CheckContext,
): void {
  if (apiVersion === 'v1' && resource === 'secrets') {
    report('resource', resource, 'must not be secrets: what stands in one would be published in the status');
  }
  if (names === 'node' && podNamespace !== undefined) {
    report('podNamespace', podNamespace, 'is for names: pod only');
  }
  if (names === 'pod' && namespace === undefined && podNamespace === undefined) {
    report('podNamespace', undefined, 'is required because the object has no namespace');
  }
}

function partsOf(apiVersion: string): { readonly group: string; readonly version: string } {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version };
}

class ResourceTrigger implements Trigger {
  readonly #config: Config;
  readonly #ports: WatchPorts;
  readonly #resource: Resource;
  readonly #source: string;

  constructor(config: Config, ports: WatchPorts) {
    const { apiVersion, resource: plural, namespace, name } = config;
    const { group, version } = partsOf(apiVersion);
    this.#config = config;
    this.#ports = ports;
    // The kind is only for objects that are written.
    this.#resource = { group, version, plural, kind: '', namespaced: namespace !== undefined };
    this.#source = `${plural}${group && `.${group}`} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    const { name, namespace } = this.#config;
    const objects = reflect(this.#ports, {
      resource: this.#resource,
      ...(namespace !== undefined && { namespace }),
      fieldSelector: `metadata.name=${name}`,
      transform: (object) => {
        const value = this.#valueOf(object);
        return typeof value === 'string' ? value : `${value.reason} ${value.message}`;
      },
      onChange: onDifference(enqueue),
    });
    await objects.run(abort);
  }

  async observe(abort: AbortSignal): Promise<Observation> {
    const { names, namespace = '', podNamespace = namespace } = this.#config;
    if (names === 'node') {
      const node = await this.#read(abort);
      return typeof node === 'string' ? { kind: 'located', primary: node, node } : node;
    }
    const read = async (inner: AbortSignal) => {
      const pod = await this.#read(inner);
      return typeof pod === 'string' ? { namespace: podNamespace, pod } : pod;
    };
    return await locateNamedPod(this.#ports, this.#source, read, abort);
  }

  async #read(abort: AbortSignal): Promise<string | Unknown> {
    const { name, namespace } = this.#config;
    const key = { name, ...(namespace !== undefined && { namespace }) };
    const object = await this.#ports.api.get(this.#resource, key, { abort }).catch(ignoreNotFound);
    return object === undefined
      ? unknown('SourceNotFound', `${this.#source} does not exist`)
      : this.#valueOf(object);
  }

  #valueOf(object: KubeObject): string | Unknown {
    const { path } = this.#config;
    if (object.metadata.deletionTimestamp !== undefined) {
      return unknown('ClusterDeleting', `${this.#source} is being deleted`);
    }
    const at = `${this.#source} at ${path}`;
    const selected = select(object, path);
    switch (selected.kind) {
      case 'one':
        return isObjectName(selected.value)
          ? selected.value
          : unknown('SourceInvalid', `${at} has "${shorten(selected.value)}", which is no name`);
      case 'none':
        return unknown('PrimaryEmpty', `${at} has nothing`);
      case 'several':
        return unknown('PrimaryAmbiguous', `${at} has ${selected.values.slice(0, 5).join(', ')}`);
      case 'no text':
        return unknown('SourceInvalid', `${at} has ${selected.found}, which is no name`);
    }
  }
}
