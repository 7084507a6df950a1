/**
 * A small chart of what waits for ready pods: a Deployment over all sites with Kubernetes' own defaults, its disruption
 * budget, a StatefulSet, and the Service of both. Once with the probe, once with a Service that follows.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LABELS } from '../../../contract/names.ts';
import type { RealCluster } from './cluster.ts';
import { run } from './command.ts';
import { PORT, podTemplate } from './manifests.ts';
import type { Settings } from './settings.ts';
import { APP_NAMESPACE, type WAYS } from './workload.ts';

const REPLICAS = 4;
/** What an autoscaler raises them to. */
const SCALED = 6;
/** Above what the tools are told, so that it is they who give up. */
const MARGIN_MS = 30_000;

export type Sort = Exclude<keyof typeof WAYS, 'gated'>;

export class Rollouts {
  readonly name: string;
  readonly #sort: Sort;
  readonly #settings: Settings;
  readonly #cluster: RealCluster;
  readonly #seconds: number;
  readonly #folder: string;

  /** `seconds` is how long each of the tools waits; the chart is written to `folder`. */
  constructor(sort: Sort, seconds: number, folder: string, cluster: RealCluster, settings: Settings) {
    this.name = `work-${sort}`;
    this.#sort = sort;
    this.#seconds = seconds;
    this.#settings = settings;
    this.#cluster = cluster;
    this.#folder = join(folder, this.name);
  }

  async helmInstall(): Promise<void> {
    await mkdir(join(this.#folder, 'templates'), { recursive: true });
    await writeFile(
      join(this.#folder, 'Chart.yaml'),
      JSON.stringify({ apiVersion: 'v2', name: 'work', version: '0.0.1' }),
    );
    await writeFile(
      join(this.#folder, 'templates/work.yaml'),
      this.#objects()
        .map((object) => JSON.stringify(object))
        .join('\n---\n'),
    );
    await this.#helm('install', '1');
  }

  helmUpgrade(): Promise<void> {
    return this.#helm('upgrade', '2');
  }

  async rollout(kind: 'deployment' | 'statefulset'): Promise<void> {
    await this.#kubectl(['rollout', 'restart', `${kind}/${this.name}`]);
    await this.#rolledOut(kind);
  }

  /** The pods of the Deployment alone, as others stand on the node too. Leaves the node cordoned. */
  async drain(node: string): Promise<void> {
    await this.#kubectl(['drain', node, `--pod-selector=app=${this.name},part=deployment`, ...this.#limit()]);
    await this.#rolledOut('deployment');
  }

  /** By an autoscaler whose minimum is above what is there: that needs no metrics. */
  async scale(): Promise<void> {
    const range = [`--min=${SCALED}`, `--max=${SCALED}`];
    await this.#kubectl(['autoscale', `deployment/${this.name}`, ...range, '--cpu=50%']);
    await this.#kubectl([
      'wait',
      `deployment/${this.name}`,
      `--for=jsonpath={.status.availableReplicas}=${SCALED}`,
      ...this.#limit(),
    ]);
  }

  async delete(): Promise<void> {
    await this.#kubectl(['delete', 'horizontalpodautoscaler', this.name, '--ignore-not-found']);
    await this.#run(this.#settings.helm, ['uninstall', this.name, '--ignore-not-found']);
  }

  async #rolledOut(kind: string): Promise<void> {
    await this.#kubectl(['rollout', 'status', `${kind}/${this.name}`, ...this.#limit()]);
  }

  async #helm(command: 'install' | 'upgrade', round: string): Promise<void> {
    const options = ['--set-string', `round=${round}`, '--wait', ...this.#limit()];
    await this.#run(this.#settings.helm, [command, this.name, this.#folder, ...options]);
  }

  #limit(): readonly string[] {
    return [`--timeout=${this.#seconds}s`];
  }

  #kubectl(args: readonly string[]): Promise<string> {
    return this.#cluster.kubectl(['-n', APP_NAMESPACE, ...args]);
  }

  #run(command: string, args: readonly string[]): Promise<string> {
    return run(command, [...args, '-n', APP_NAMESPACE], {
      timeoutMs: this.#seconds * 1_000 + MARGIN_MS,
      env: { KUBECONFIG: this.#settings.kubeconfig },
    });
  }

  #objects(): readonly object[] {
    const { name } = this;
    const metadata = { name, namespace: APP_NAMESPACE };
    const followed = this.#sort === 'followed';
    const part = (of: string) => {
      const own = { app: name, part: of };
      const labels = { ...own, ...(!followed && { [LABELS.inject]: 'true' }) };
      return {
        selector: { matchLabels: own },
        template: podTemplate(this.#settings.image, {
          program: 'app',
          labels,
          annotations: { round: '{{ .Values.round }}' },
          spreadOver: own,
          // A node that is drained leaves them no other place than where the others are.
          whenUnsatisfiable: 'ScheduleAnyway',
        }),
      };
    };
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { ...metadata, ...(followed && { labels: { [LABELS.follow]: 'true' } }) },
        spec: { selector: { app: name }, ports: [{ port: 80, targetPort: PORT }] },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { replicas: REPLICAS, ...part('deployment') },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata,
        spec: { replicas: 2, serviceName: name, ...part('statefulset') },
      },
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata,
        spec: { maxUnavailable: 1, selector: { matchLabels: { app: name, part: 'deployment' } } },
      },
    ];
  }
}
