/** What the chart and the kubelet do so that a sidecar can read the status. */
import type { ObjectKey } from '../../kubernetes/api.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { post } from './raw-api.ts';
import { Credentials } from './sidecar.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Lets the service accounts of all namespaces read this one ConfigMap, and no other. */
export async function letSidecarsRead(
  plane: ControlPlaneAccess,
  { namespace, name }: Required<ObjectKey>,
): Promise<void> {
  const metadata = { name: 'site-follower-status' };
  const rule = {
    apiGroups: [''],
    resources: ['configmaps'],
    resourceNames: [name],
    verbs: ['get', 'list', 'watch'],
  };
  const path = `/apis/${RBAC}/v1/namespaces/${namespace}`;
  await create(plane, `${path}/roles`, { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules: [rule] });
  await create(plane, `${path}/rolebindings`, {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'Role', name: metadata.name },
    subjects: [{ apiGroup: RBAC, kind: 'Group', name: 'system:serviceaccounts' }],
  });
}

/** Those of a pod in `namespace` with a service account of its own. */
export async function podCredentials(plane: ControlPlaneAccess, namespace: string): Promise<Credentials> {
  const name = 'app';
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await create(plane, path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
  const { status } = await create(plane, `${path}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3_600 },
  });
  const { token } = status as { readonly token: string };
  return Credentials.create({ ca: plane.authority.certificate, token });
}

async function create(plane: ControlPlaneAccess, path: string, body: unknown) {
  const answer = await post(plane, path, body);
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.body.message ?? ''}`);
  return answer.body;
}
