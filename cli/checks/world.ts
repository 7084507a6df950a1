import { followerOf, PROGRAM } from '../../contract/names.ts';
import { type Status, siteOfNode } from '../../contract/status.ts';
import { type AuthoritativeLookup, authoritativeLookup } from '../../dns/records/authoritative.ts';
import type { KubeApi, KubeObject, ListOptions } from '../../kubernetes/api.ts';
import { ignoreForbidden } from '../../kubernetes/errors.ts';
import {
  type Lease,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhookConfiguration,
} from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { ASKING_PODS, PODS_WITHOUT_LABEL, readLabel } from '../../webhook/inject/label.ts';
import { isOurs } from '../../webhook/webhook-configuration.ts';
import type { Published } from '../cluster/followers.ts';
import { type Listed, listKept, whole } from '../cluster/kept.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import { isOver } from '../cluster/pods.ts';
import { type AdmissionPolicy, listPolicies, missedWhen, podPolicyOf } from '../cluster/policies.ts';
import { NAMESPACES, NODES } from '../cluster/resources.ts';
import type { Workload } from '../cluster/workloads.ts';
import { readLease } from '../status/leader.ts';

export interface WorldOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly abort: AbortSignal;
  readonly followers: readonly Published[];
  /** Of the controller, while it has published nothing. */
  readonly namespace?: string;
  /** Default: asks the name servers that each zone is delegated to. */
  readonly lookup?: AuthoritativeLookup;
}

/** What the checks read. Several read the same list, which is fetched once. */
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
    kind: Listed<T>,
    options: Pick<ListOptions, 'namespace' | 'labelSelector'> = {},
  ): Promise<readonly T[]> {
    const key = JSON.stringify([kind.group, kind.plural, options]);
    const known = this.#lists.get(key) ?? listKept(this.api, kind, { ...options });
    this.#lists.set(key, known);
    return known as Promise<readonly T[]>;
  }

  get nodes() {
    return this.list(NODES);
  }

  /** Read anew with each call; see `readLease`. */
  lease(): Promise<Lease | undefined> {
    return readLease(this.api, this.namespace);
  }

  get namespaces() {
    return this.list(NAMESPACES);
  }

  /** Pods that have not ended and ask for the sidecar, by their own label or that of their namespace. */
  async askingPods(): Promise<readonly PodDetails[]> {
    const labelled = await this.list(POD_DETAILS, { labelSelector: ASKING_PODS });
    const asking = (await this.namespaces).filter(({ metadata }) => readLabel(metadata.labels) === 'yes');
    const others = await Promise.all(
      asking.map(({ metadata: { name } }) =>
        this.list(POD_DETAILS, { namespace: name, labelSelector: PODS_WITHOUT_LABEL }),
      ),
    );
    return [...labelled, ...others.flat()].filter((pod) => !isOver(pod));
  }

  /** Those whose pods get the sidecar. */
  async askingWorkloads(kind: Listed<Workload>): Promise<readonly Workload[]> {
    const [all, namespaces] = await Promise.all([this.list(kind), this.namespaces]);
    const asking = namespaces.filter(({ metadata }) => readLabel(metadata.labels) === 'yes');
    const names = new Set(asking.map(({ metadata }) => metadata.name));
    return all.filter(({ metadata, spec }) => {
      const label = readLabel(spec?.template?.metadata?.labels);
      return label === 'yes' || (label === 'unsaid' && names.has(metadata.namespace ?? ''));
    });
  }

  /** Undefined when this controller has no webhook. */
  async webhookConfiguration(): Promise<MutatingWebhookConfiguration | undefined> {
    const all = await this.list(whole(MUTATING_WEBHOOK_CONFIGURATIONS));
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
   * The policy by which the API server injects or, where that is missing, the one that refuses what was not injected.
   * Undefined where this controller has neither.
   */
  async injectingPolicy(): Promise<AdmissionPolicy | undefined> {
    const kinds = ['MutatingAdmissionPolicy', 'ValidatingAdmissionPolicy'] as const;
    const policies = await Promise.all(kinds.map((kind) => listPolicies(this.api, kind)));
    return podPolicyOf(policies.flat(), this.namespace);
  }

  /** See `missedWhen`. A user who may not list policies gets the answer for the webhook. */
  missedWhen(): Promise<string> {
    this.#missedWhen ??= this.injectingPolicy().catch(ignoreForbidden).then(missedWhen);
    return this.#missedWhen;
  }

  /** The status of the follower that a pod names; undefined where there is none, or it is malformed. */
  statusOf({ metadata }: PodDetails): Status | undefined {
    const follower = followerOf(metadata);
    return this.followers.find((one) => one.follower === follower)?.status;
  }

  /** The site of a pod by that status; empty where its node is in none. */
  siteOf(pod: PodDetails): string {
    return siteOfNode(this.statusOf(pod)?.sites ?? {}, pod.spec?.nodeName ?? '');
  }
}
