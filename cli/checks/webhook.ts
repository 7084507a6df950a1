import { LABELS, PROGRAM } from '../../contract/names.ts';
import { isForbidden, KubeError } from '../../kubernetes/errors.ts';
import { NAMESPACE_NAME, type Selector, selects } from '../../kubernetes/selector.ts';
import { explain } from '../../runtime/explain.ts';
import { isInjected } from '../../webhook/inject/decision.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import { type Check, type Finding, problem, type Result, skip, warning } from './check.ts';
import type { World } from './world.ts';

const MEANING = {
  notInjected: {
    because: ': the webhook was not called, or could not be and its failurePolicy is Ignore',
    action:
      'See whether the webhook’s pods are ready, and compare the selectors of the configuration with the chart.',
  },
  refused: {
    leastStatus: 500,
    action:
      'See whether the webhook’s pods are ready, and whether a firewall is between the API server and their port.',
  },
} as const;

/** Creates a labelled pod by a dry run. */
export const WEBHOOK: Check = {
  name: 'webhook',
  title: 'the API server reaches the webhook, and a labelled pod gets the sidecar',
  async find(world): Promise<Result> {
    const configuration = await world.webhookConfiguration();
    if (configuration === undefined) {
      const policy = await world.injectingPolicy();
      if (policy === undefined) return { findings: [missing()] };
      return skip('there is none: the API server injects by policies');
    }
    const { namespaceSelector } =
      (configuration.webhooks ?? []).find(({ name }) => name.startsWith('pods.')) ?? {};
    const namespace = await whereToTry(world, namespaceSelector);
    if (namespace === undefined) return skip('no namespace is left to try it in');
    const about = `MutatingWebhookConfiguration ${configuration.metadata.name}`;
    return { findings: await attempt(world, namespace, { about, ...MEANING }) };
  },
};

function missing(): Finding {
  return warning(
    'MutatingWebhookConfiguration',
    'there is none of this program: labelled pods get no sidecar',
    'Nothing, if only DNS should follow. Otherwise install the chart with webhook.enabled=true.',
  );
}

/** What it means when an attempt to inject fails. */
export interface AttemptMeaning {
  /** The object to look at. */
  readonly about: string;
  readonly notInjected: { readonly because: string; readonly action: string };
  /** A refusal with a lower HTTP status has other reasons. */
  readonly refused: { readonly leastStatus: number; readonly action: string };
}

export async function attempt(
  { api }: World,
  namespace: string,
  { about, notInjected, refused }: AttemptMeaning,
): Promise<Finding[]> {
  try {
    const made = await api.create(POD_DETAILS, probe(namespace), { dryRun: true });
    if (isInjected(made)) return [];
    const text = `a labelled pod in namespace ${namespace} would get no sidecar${notInjected.because}`;
    return [problem(about, text, notInjected.action)];
  } catch (error) {
    const isMeant = error instanceof KubeError && !isForbidden(error) && error.status >= refused.leastStatus;
    if (!isMeant) throw error;
    return [problem(about, `no labelled pod can be created: ${explain(error)}`, refused.action)];
  }
}

/** A namespace whose pods are injected, preferably one where pods ask for that already. */
export async function whereToTry(
  world: World,
  selector: Selector = { matchExpressions: [] },
): Promise<string | undefined> {
  const able = (await world.namespaces).filter(({ metadata, status }) => {
    return (
      status?.phase !== 'Terminating' &&
      selects(selector, { [NAMESPACE_NAME]: metadata.name, ...metadata.labels })
    );
  });
  const used = new Set((await world.askingPods()).map(({ metadata }) => metadata.namespace));
  const best =
    able.find(({ metadata }) => used.has(metadata.name)) ??
    able.find(({ metadata }) => metadata.name === 'default') ??
    able[0];
  return best?.metadata.name;
}

/** A pod that Pod Security `restricted` admits. */
function probe(namespace: string): PodDetails {
  const container = {
    name: 'probe',
    image: 'example.invalid/never-pulled',
    resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '10m', memory: '1Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const spec = {
    containers: [container],
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  };
  return { metadata: { namespace, name: `${PROGRAM}-check`, labels: { [LABELS.inject]: 'true' } }, spec };
}
