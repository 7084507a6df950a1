import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { type Check, problem, skip } from '../checks/check.ts';
import { type Before, GIVE_MANIFESTS } from './before.ts';
import type { Manifest, Planned } from './planned.ts';

interface Discovered {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

/** The value of the chart that asks for objects of an optional kind. */
const VALUES: Readonly<Record<string, string>> = {
  ServiceMonitor: 'metrics.serviceMonitor',
  PrometheusRule: 'metrics.prometheusRule',
  Certificate: 'webhook.certManager.enabled',
  Issuer: 'webhook.certManager.enabled',
  MutatingAdmissionPolicy: 'webhook.mode',
  MutatingAdmissionPolicyBinding: 'webhook.mode',
};

/** The resource of each kind in the manifests; undefined where the API server does not know the kind. */
export async function discover(
  { objects }: Planned,
  read: Before['read'],
): Promise<ReadonlyMap<string, Resource | undefined>> {
  const versions = [...new Set(objects.map(({ apiVersion }) => apiVersion))];
  const known = await Promise.all(
    versions.map(async (version): Promise<[string, Discovered]> => {
      const path = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
      return [version, ((await read(path).catch(ignoreNotFound)) ?? {}) as Discovered];
    }),
  );
  const byVersion = new Map(known);
  return new Map(objects.map((object) => [kindOf(object), resourceOf(object, byVersion)]));
}

export function kindOf({ apiVersion, kind }: Manifest): string {
  return `${apiVersion} ${kind}`;
}

function resourceOf(
  { apiVersion, kind }: Manifest,
  byVersion: ReadonlyMap<string, Discovered>,
): Resource | undefined {
  const found = byVersion
    .get(apiVersion)
    ?.resources?.find((resource) => resource.kind === kind && !resource.name.includes('/'));
  if (found === undefined) return undefined;
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  return { group, version, plural: found.name, kind, namespaced: found.namespaced };
}

interface Definition extends KubeObject {
  readonly spec?: { readonly group?: string; readonly names?: { readonly kind?: string } };
}

export const API_VERSIONS: Check<Before> = {
  name: 'api-versions',
  title: 'the API server knows every kind that the chart makes',
  async find({ planned, read }) {
    if (planned === undefined) return skip(GIVE_MANIFESTS);
    const known = await discover(planned, read);
    const brought = (planned.objects as readonly Definition[]).flatMap(({ kind, spec }) =>
      kind === 'CustomResourceDefinition' ? [`${spec?.group} ${spec?.names?.kind}`] : [],
    );
    const missing = [...known].flatMap(([name, resource]) => {
      const [apiVersion = '', kind = ''] = name.split(' ');
      return resource !== undefined || brought.includes(`${apiVersion.split('/')[0]} ${kind}`) ? [] : [name];
    });
    return {
      findings: missing.map((name) => {
        const kind = name.split(' ')[1] ?? '';
        const value = VALUES[kind];
        const action =
          value === undefined
            ? 'Upgrade the cluster, or see in the values what asks for it.'
            : `Install what brings this kind first, or leave out ${value}.`;
        return problem(name, 'the API server knows no such kind, and Helm would fail', action);
      }),
    };
  },
};
