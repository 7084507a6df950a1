import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { PODS } from '../../kubernetes/resources.ts';
import { type Permission, RIGHTS_SECTION } from '../../runtime/rights.ts';
import { webhookRights } from '../../webhook/rights.ts';
import { section } from '../cluster/followers.ts';
import { isOver, type PodDetails } from '../cluster/pods.ts';
import { type Check, type Finding, problem, type Result } from './check.ts';
import type { World } from './world.ts';

/** The chart puts it on the configuration of a webhook whose certificates come from cert-manager. */
const GIVEN_CERTIFICATES = 'cert-manager.io/inject-ca-from';

interface Account {
  /** Of the controller's namespace. */
  readonly name: string;
  readonly rights: readonly Permission[];
}

/** By asking the API server what it would answer to them, whatever roles and other authorizers there are. */
export const RIGHTS: Check = {
  name: 'rights',
  title: 'the service accounts of controller and webhook have the permissions that they need',
  async find(world): Promise<Result> {
    const pods = (await world.list(PODS, { namespace: world.namespace })) as readonly PodDetails[];
    const running = pods.filter((pod) => !isOver(pod));
    const [ofController, ofWebhook] = [controllerRights(world), await rightsOfWebhook(world)];
    const accounts = [
      ...accountsOf(running, 'controller').map((name) => ({ name, rights: ofController })),
      ...accountsOf(running, 'webhook').map((name) => ({ name, rights: ofWebhook })),
    ];
    if (accounts.length === 0)
      return { findings: [], skipped: `none of their pods is in namespace ${world.namespace}` };
    const findings = await Promise.all(accounts.map((account) => refusals(world, account)));
    const isTold = ofController.length > 0 || accountsOf(running, 'controller').length === 0;
    return {
      findings: findings.flat(),
      ...(!isTold && { note: 'the report does not say what the controller needs' }),
    };
  },
};

function accountsOf(pods: readonly PodDetails[], component: string): readonly string[] {
  const own = pods.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === component);
  return [...new Set(own.map(({ spec }) => spec?.serviceAccountName ?? 'default'))];
}

/** As the controller itself says: only it knows all of its configuration. */
function controllerRights({ followers }: World): readonly Permission[] {
  const all = followers.flatMap((follower) => decode(section(follower, RIGHTS_SECTION)));
  return [...new Map(all.map((right) => [JSON.stringify(right), right])).values()];
}

async function rightsOfWebhook(world: World): Promise<readonly Permission[]> {
  const configuration = await world.webhookConfiguration();
  if (configuration === undefined) return [];
  const { name, annotations } = configuration.metadata;
  const makesCertificates = annotations?.[GIVEN_CERTIFICATES] === undefined;
  const statuses = world.followers.map(({ configMap }) => configMap);
  return webhookRights({ namespace: world.namespace, configuration: name, makesCertificates, statuses });
}

async function refusals(world: World, { name, rights }: Account): Promise<Finding[]> {
  const asked = await Promise.all(
    rights.map(async (right) => {
      const answers = await Promise.all(right.verbs.map((verb) => isAllowed(world, name, right, verb)));
      return { right, refused: right.verbs.filter((_, index) => !answers[index]) };
    }),
  );
  return asked
    .filter(({ refused }) => refused.length > 0)
    .map(({ right, refused }) => finding(world.namespace, name, right, refused));
}

function finding(own: string, account: string, right: Permission, refused: readonly string[]): Finding {
  const { namespace, group, resource, name, reason } = right;
  const what = `${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  const [plural = '', subresource] = resource.split('/');
  const object = `${plural}${group === '' ? '' : `.${group}`}${name === undefined ? '' : `/${name}`}`;
  const options = [
    ...(subresource === undefined ? [] : [`--subresource=${subresource}`]),
    namespace === undefined ? '-A' : `-n ${namespace}`,
    `--as=system:serviceaccount:${own}:${account}`,
  ];
  return problem(
    `ServiceAccount ${own}/${account}`,
    `it may not ${refused.join(', ')} ${what} ${where}. What that is for: ${reason.replace(/\.$/, '')}`,
    `Bring its roles in line with the chart: helm upgrade. To see it: kubectl auth can-i ${refused[0]} ${object} ${options.join(' ')}`,
  );
}

interface AccessReview extends KubeObject {
  readonly spec: {
    readonly user: string;
    readonly groups: readonly string[];
    readonly resourceAttributes: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly allowed: boolean };
}

const ACCESS_REVIEWS: Resource<AccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
};

async function isAllowed(
  { api, namespace: own, abort }: World,
  account: string,
  { namespace = '', group, resource: path, name = '' }: Permission,
  verb: string,
): Promise<boolean> {
  const [resource = '', subresource = ''] = path.split('/');
  const review: AccessReview = {
    metadata: { name: '' },
    spec: {
      user: `system:serviceaccount:${own}:${account}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${own}`, 'system:authenticated'],
      resourceAttributes: { namespace, verb, group, resource, subresource, name },
    },
  };
  const { status } = await api.create(ACCESS_REVIEWS, review, { abort });
  return status?.allowed === true;
}

/** Anybody can edit a ConfigMap: what is no right is left out. */
function decode(value: unknown): readonly Permission[] {
  return Array.isArray(value) ? value.filter(isRight) : [];
}

function isRight(value: unknown): value is Permission {
  if (typeof value !== 'object' || value === null) return false;
  const { namespace = '', group, resource, name = '', verbs, reason } = value as Partial<Permission>;
  const texts = [namespace, group, resource, name, reason];
  return (
    texts.every((text) => typeof text === 'string') &&
    Array.isArray(verbs) &&
    verbs.every((verb) => typeof verb === 'string')
  );
}
