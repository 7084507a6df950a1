import { LABELS, PROGRAM } from '../../contract/names.ts';
import { siteOfNode } from '../../contract/status.ts';
import { type AuthoritativeLookup, authoritativeLookup } from '../../dns/authoritative.ts';
import type { KubeApi, KubeObject, ListOptions, Resource } from '../../kubernetes/api.ts';
import { ignoreNotFound, isForbidden } from '../../kubernetes/errors.ts';
import { listAll } from '../../kubernetes/pages.ts';
import {
  LEASES,
  type Lease,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhookConfiguration,
  NAMESPACES,
  NODES,
  type Node,
} from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isOurs } from '../../webhook/configuration.ts';
import type { Published } from '../cluster/followers.ts';
import { isOver, POD_DETAILS, type PodDetails } from '../cluster/pods.ts';
import { type AdmissionPolicy, listPolicies, missedWhen, podPolicyOf } from '../cluster/policies.ts';

export interface WorldOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly abort: AbortSignal;
  readonly followers: readonly Published[];
  /** Where the controller is, while it has published nothing. */
  readonly namespace?: string;
  /** Default: the name servers that each zone is delegated to. */
  readonly lookup?: AuthoritativeLookup;
}

/** What the checks look at. Several look at the same, so that each list is asked for once. */
export class World {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly abort: AbortSignal;
  readonly followers: readonly Published[];
  readonly lookup: AuthoritativeLookup;
  #missedWhen: Promise<string> | undefined;
  readonly #namespace: string;
  readonly #lists = new Map<string, Promise<readonly KubeObject[]>>();

  constructor({ api, clock, abort, followers, lookup = authoritativeLookup(clock), ...rest }: WorldOptions) {
    this.#namespace = rest.namespace ?? PROGRAM;
    this.api = api;
    this.clock = clock;
    this.abort = abort;
    this.followers = followers;
    this.lookup = lookup;
  }

  /** Of the controller. */
  get namespace(): string {
    return this.followers[0]?.namespace ?? this.#namespace;
  }

  list<T extends KubeObject>(
    resource: Resource<T>,
    options: Pick<ListOptions, 'namespace' | 'labelSelector'> = {},
  ): Promise<readonly T[]> {
    const key = JSON.stringify([resource.group, resource.plural, options]);
    const known = this.#lists.get(key) ?? listAll(this.api, resource, { ...options, abort: this.abort });
    this.#lists.set(key, known);
    return known as Promise<readonly T[]>;
  }

  get nodes(): Promise<readonly Node[]> {
    return this.list(NODES);
  }

  /** Undefined when there is none, as without leader election. */
  lease(): Promise<Lease | undefined> {
    const key = { namespace: this.namespace, name: PROGRAM };
    return this.api.get(LEASES, key, { abort: this.abort }).catch(ignoreNotFound);
  }

  get namespaces(): Promise<readonly KubeObject[]> {
    return this.list(NAMESPACES);
  }

  /** Those that ask for the sidecar and live: by their own label, or since their namespace asks. */
  async askingPods(): Promise<readonly PodDetails[]> {
    const labelled = await this.list(POD_DETAILS, {
      labelSelector: `${LABELS.inject},${LABELS.inject}!=false`,
    });
    const asking = (await this.namespaces).filter(
      ({ metadata }) => metadata.labels?.[LABELS.inject] === 'true',
    );
    const others = await Promise.all(
      asking.map(({ metadata: { name } }) =>
        this.list(POD_DETAILS, { namespace: name, labelSelector: `!${LABELS.inject}` }),
      ),
    );
    return [...labelled, ...others.flat()].filter((pod) => !isOver(pod));
  }

  /** Of this controller's webhook; undefined when there is none. */
  async webhookConfiguration(): Promise<MutatingWebhookConfiguration | undefined> {
    const all = await this.list(MUTATING_WEBHOOK_CONFIGURATIONS);
    const ours = all.filter(({ webhooks = [] }) => webhooks.some(({ name }) => isOurs(name)));
    const own = ours.find(({ webhooks = [] }) =>
      webhooks.some(
        ({ clientConfig, namespaceSelector }) =>
          clientConfig.service?.namespace === this.namespace ||
          namespaceSelector?.matchExpressions.some(
            ({ operator, values }) => operator === 'NotIn' && values?.includes(this.namespace),
          ),
      ),
    );
    return own ?? (ours.length === 1 ? ours[0] : undefined);
  }

  /**
   * Of this controller: by which the API server injects, or where that has gone, the one that refuses what is not
   * injected. Undefined where the chart made neither.
   */
  async injectingPolicy(): Promise<AdmissionPolicy | undefined> {
    const kinds = ['MutatingAdmissionPolicy', 'ValidatingAdmissionPolicy'] as const;
    const policies = await Promise.all(kinds.map((kind) => listPolicies(this.api, kind, this.abort)));
    return podPolicyOf(policies.flat(), this.namespace);
  }

  /** See there. Who may not see policies is told as with the webhook. */
  missedWhen(): Promise<string> {
    this.#missedWhen ??= this.injectingPolicy()
      .catch((error: unknown) => {
        if (isForbidden(error)) return undefined;
        throw error;
      })
      .then(missedWhen);
    return this.#missedWhen;
  }

  /** The site of a node by what a follower has published; empty for a node in no site. */
  siteOf(follower: string, node: string | undefined): string {
    const sites = this.followers.find((one) => one.follower === follower)?.status?.sites ?? {};
    return siteOfNode(sites, node ?? '');
  }
}
