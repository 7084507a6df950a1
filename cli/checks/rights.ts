import { type Permission, RIGHTS_SECTION } from '../../runtime/rights.ts';
import { webhookRights } from '../../webhook/rights.ts';
import { mayAccount } from '../cluster/access.ts';
import { COMPONENT, INJECT_CA_FROM } from '../cluster/chart.ts';
import { section } from '../cluster/followers.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import { isOver } from '../cluster/pods.ts';
import { type Check, type Finding, problem, type Result, skip } from './check.ts';
import type { World } from './world.ts';

/** A service account in the controller’s namespace. */
interface Account {
  readonly name: string;
  readonly rights: readonly Permission[];
}

/** Asks the API server, which knows all roles and other authorizers. */
export const RIGHTS: Check = {
  name: 'rights',
  title: 'the service accounts of controller and webhook have the permissions that they need',
  async find(world): Promise<Result> {
    const pods = await world.list(POD_DETAILS, { namespace: world.namespace });
    const running = pods.filter((pod) => !isOver(pod));
    const [ofController, ofWebhook] = [controllerRights(world), await rightsOfWebhook(world)];
    const accounts = [
      ...accountsOf(running, 'controller').map((name) => ({ name, rights: ofController })),
      ...accountsOf(running, 'webhook').map((name) => ({ name, rights: ofWebhook })),
    ];
    if (accounts.length === 0) return skip(`none of their pods is in namespace ${world.namespace}`);
    const findings = await Promise.all(accounts.map((account) => refusals(world, account)));
    const isReported = ofController.length > 0 || accountsOf(running, 'controller').length === 0;
    return {
      findings: findings.flat(),
      ...(!isReported && { note: 'the report does not say what the controller needs' }),
    };
  },
};

function accountsOf(pods: readonly PodDetails[], component: string): readonly string[] {
  const own = pods.filter(({ metadata }) => metadata.labels?.[COMPONENT] === component);
  return [...new Set(own.map(({ spec }) => spec?.serviceAccountName ?? 'default'))];
}

/** As the controller reports them: only it knows all of its configuration. */
function controllerRights({ followers }: World): readonly Permission[] {
  const all = followers.flatMap((follower) => decode(section(follower, RIGHTS_SECTION)));
  return [...new Map(all.map((right) => [JSON.stringify(right), right])).values()];
}

async function rightsOfWebhook(world: World): Promise<readonly Permission[]> {
  const configuration = await world.webhookConfiguration();
  if (configuration === undefined) return [];
  const { name, annotations } = configuration.metadata;
  const makesCertificates = annotations?.[INJECT_CA_FROM] === undefined;
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

function isAllowed(
  { api, namespace: own }: World,
  account: string,
  { namespace = '', group, resource: path, name = '' }: Permission,
  verb: string,
): Promise<boolean> {
  const [resource = '', subresource = ''] = path.split('/');
  const attributes = { namespace, verb, group, resource, subresource, name };
  return mayAccount(api, { namespace: own, name: account }, attributes);
}

/** Leaves out what is not a permission, as a user may have edited the ConfigMap. */
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
