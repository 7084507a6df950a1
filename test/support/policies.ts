import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import type { Manifest } from './chart/render.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { dryRun } from './golden-cluster.ts';
import { send } from './raw-api.ts';
import { until } from './until.ts';

const GROUP = 'admissionregistration.k8s.io';
const GROUP_PATH = `/apis/${GROUP}`;

/** By kind, in the order in which the chart has to make them so that nothing is refused meanwhile. */
const PLURALS: Readonly<Record<string, string>> = {
  MutatingAdmissionPolicy: 'mutatingadmissionpolicies',
  MutatingAdmissionPolicyBinding: 'mutatingadmissionpolicybindings',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};

type Policy = KubeObject & { readonly spec?: object };
const policyKind = (kind: string): Resource<Policy> => ({
  group: GROUP,
  version: 'v1',
  plural: PLURALS[kind] ?? '',
  kind,
  namespaced: false,
});
export const VALIDATING_POLICIES = policyKind('ValidatingAdmissionPolicy');
export const VALIDATING_POLICY_BINDINGS = policyKind('ValidatingAdmissionPolicyBinding');

function policiesIn(manifests: readonly Manifest[]): readonly Manifest[] {
  return Object.keys(PLURALS).flatMap((name) => manifests.filter(({ kind }) => kind === name));
}

/** In the version that the API server has: that of 1.36 on is the last beta one unchanged. */
async function pathOf(plane: ControlPlaneAccess, { kind, metadata }: Manifest) {
  const plural = PLURALS[kind] ?? '';
  const { body } = await send(plane, 'GET', `${GROUP_PATH}/v1`, '');
  const version = JSON.stringify(body).includes(`"${plural}"`) ? 'v1' : 'v1beta1';
  return { version, path: `${GROUP_PATH}/${version}/${plural}/${metadata.name}` };
}

const POD = { spec: { containers: [{ name: 'web', image: 'example/web:1' }] } };
const WAIT = { timeoutMs: 60_000 };

/** Resolves when they are in force: the API server takes a moment to know them. */
export async function applyPolicies(
  plane: ControlPlaneAccess,
  manifests: readonly Manifest[],
  namespace: string,
): Promise<void> {
  for (const manifest of policiesIn(manifests)) {
    const { version, path } = await pathOf(plane, manifest);
    const object = { ...manifest, apiVersion: `admissionregistration.k8s.io/${version}` };
    const type = 'application/apply-patch+yaml';
    const { status, body } = await send(plane, 'PATCH', `${path}?fieldManager=helm&force=true`, object, type);
    if (status >= 300) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${body.message}`);
  }
  const tried = (annotations: object) =>
    dryRun(plane, 'Pod', namespace, {
      ...POD,
      metadata: { name: 'tried', labels: { [LABELS.inject]: 'true' }, annotations },
    });
  await until(
    'the policies inject, and refuse',
    async () => {
      const [injected, refused] = [await tried({}), await tried({ [ANNOTATIONS.port]: 'none' })];
      return (injected.pod !== undefined && refused.pod === undefined) || undefined;
    },
    WAIT,
  );
}

/** Resolves when the API server has forgotten them. */
export async function removePolicies(
  plane: ControlPlaneAccess,
  manifests: readonly Manifest[],
): Promise<void> {
  // What refuses goes first.
  for (const manifest of policiesIn(manifests).toReversed()) {
    const { path } = await pathOf(plane, manifest);
    await send(plane, 'DELETE', path, '');
  }
}
