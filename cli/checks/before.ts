/** What an installation needs, before there is one: `check --pre`. */
import { CLUSTERS } from '../../cnpg/cluster.ts';
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { isNotFound } from '../../kubernetes/errors.ts';
import type { Node } from '../../kubernetes/resources.ts';
import { mayI, type ResourceAttributes } from '../cluster/access.ts';
import { type Check, type Finding, problem, warning } from './check.ts';

/** Native sidecars are on by default from there; the chart wants the same of the API server. */
const LEAST_MINOR = 29;
const ZONE = 'topology.kubernetes.io/zone';
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

interface NodeWithInfo extends Node {
  readonly status?: Node['status'] & { readonly nodeInfo?: { readonly kubeletVersion?: string } };
}

const STORAGE_CLASSES: Resource<KubeObject> = {
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
};

const KUBELETS: Check = {
  name: 'kubelets',
  title: `every node runs Kubernetes 1.${LEAST_MINOR} or later`,
  async find(world) {
    const old = ((await world.nodes) as readonly NodeWithInfo[]).flatMap(({ metadata, status }) => {
      const version = status?.nodeInfo?.kubeletVersion ?? '';
      const minor = Number(/^v1\.(\d+)/.exec(version)?.[1] ?? LEAST_MINOR);
      return minor < LEAST_MINOR ? [{ name: metadata.name, version }] : [];
    });
    return {
      findings: old.map(({ name, version }) =>
        problem(
          `Node ${name}`,
          `its kubelet is ${version}, which knows no native sidecars`,
          `Upgrade it to Kubernetes 1.${LEAST_MINOR} or later.`,
        ),
      ),
    };
  },
};

const ZONES: Check = {
  name: 'zones',
  title: `nodes are in two or more zones by the label ${ZONE}`,
  async find(world) {
    const labels = (await world.nodes).map(({ metadata }) => metadata.labels?.[ZONE] ?? '');
    const zones = [...new Set(labels)].filter((zone) => zone !== '').sort();
    if (zones.length >= 2) return { findings: [], note: zones.join(', ') };
    const text =
      zones.length === 0
        ? 'none has the label, so a new database may have all its instances on one node'
        : `all that have the label are in ${zones[0]}, so a new database has one instance that runs`;
    return {
      findings: [warning('Nodes', text, `kubectl label node NAME ${ZONE}=SITE, for a node of each site.`)],
    };
  },
};

const OPERATOR: Check = {
  name: 'operator',
  title: 'it is known whether CloudNativePG is there',
  async find(world) {
    try {
      const clusters = await world.list(CLUSTERS);
      const names = clusters.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`).sort();
      const note = names.length === 0 ? 'it has no Cluster yet' : `its Clusters: ${names.join(', ')}`;
      return { findings: [], note: `it is there, leave cloudnativepg.install out; ${note}` };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return { findings: [], note: 'it is not, cloudnativepg.install=true brings it with a database' };
    }
  },
};

const STORAGE: Check = {
  name: 'storage',
  title: 'there is a default StorageClass for a new database',
  async find(world) {
    const classes = await world.list(STORAGE_CLASSES);
    const usual = classes.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true');
    if (usual !== undefined) return { findings: [], note: usual.metadata.name };
    const others = classes.map(({ metadata }) => metadata.name).join(', ');
    const action =
      others === ''
        ? 'Install a storage provisioner, or bring a database of your own.'
        : `Name one as postgres.storage.storageClass: ${others}.`;
    return {
      findings: [
        warning('StorageClasses', 'none is the default: a new database would wait for its volumes', action),
      ],
    };
  },
};

/** In the order in which Helm needs them. */
function needed(namespace: string): readonly ResourceAttributes[] {
  const create = (group: string, resource: string, where?: string): ResourceAttributes => ({
    verb: 'create',
    group,
    resource,
    ...(where !== undefined && { namespace: where }),
  });
  return [
    create('', 'namespaces'),
    create('', 'secrets', namespace),
    create('', 'serviceaccounts', namespace),
    create('apps', 'deployments', namespace),
    create('batch', 'jobs', namespace),
    create('rbac.authorization.k8s.io', 'clusterroles'),
    create('rbac.authorization.k8s.io', 'clusterrolebindings'),
    create('admissionregistration.k8s.io', 'mutatingwebhookconfigurations'),
    create('apiextensions.k8s.io', 'customresourcedefinitions'),
  ];
}

function installer(namespace: string): Check {
  return {
    name: 'installer',
    title: 'you may create what the chart creates',
    async find({ api, abort }) {
      const answers = await Promise.all(
        needed(namespace).map(async (right) => ({ right, may: await mayI(api, right, abort) })),
      );
      const missing = answers
        .filter(({ may }) => !may)
        .map(({ right }): Finding => {
          const where = right.namespace === undefined ? 'in the cluster' : `in namespace ${right.namespace}`;
          const action = 'Ask an administrator of the cluster for it, or to install the chart.';
          return problem(right.resource, `you may not create them ${where}`, action);
        });
      return { findings: missing };
    },
  };
}

/** For an installation into `namespace`. */
export function checksBefore(namespace: string): readonly Check[] {
  return [KUBELETS, ZONES, installer(namespace), OPERATOR, STORAGE];
}
