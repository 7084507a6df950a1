/** What an installation needs for a database. */
import { CLUSTERS } from '../../cnpg/cluster.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { clusterWide } from '../../kubernetes/resources.ts';
import { type Check, problem, warning } from '../checks/check.ts';
import { whole } from '../cluster/kept.ts';
import { CLUSTER_NAMES } from '../cluster/resources.ts';
import { someOf } from '../text/some.ts';
import type { Before } from './before.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

const STORAGE_CLASSES = clusterWide('storage.k8s.io/v1', 'storageclasses', 'StorageClass');

export const OPERATOR: Check<Before> = {
  name: 'operator',
  title: 'CloudNativePG is there once, now or by this chart',
  async find(world) {
    const { planned } = world;
    const clusters = await world.list(CLUSTER_NAMES).catch(ignoreNotFound);
    if (clusters === undefined)
      return { findings: [], note: 'it is not, cloudnativepg.install=true brings it with a database' };
    const names = clusters.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`).sort();
    const note = names.length === 0 ? 'it has no Cluster yet' : `its Clusters: ${someOf(names)}`;
    const crd = `${CLUSTERS.plural}.${CLUSTERS.group}`;
    if (planned?.find('CustomResourceDefinition', crd) === undefined)
      return { findings: [], note: `it is there, leave cloudnativepg.install out; ${note}` };
    const text = `it is there already, and cloudnativepg.install=true would bring it again; ${note}`;
    const action = 'Leave cloudnativepg.install out; controller.watch names the Cluster to follow.';
    return { findings: [problem('CloudNativePG', text, action)] };
  },
};

export const STORAGE: Check = {
  name: 'storage',
  title: 'there is a default StorageClass for a new database',
  async find(world) {
    const classes = await world.list(whole(STORAGE_CLASSES));
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
