/**
 * A small chart of what waits for ready pods: a Deployment over all sites with Kubernetes' own defaults, its disruption
 * budget, a StatefulSet, and the Service of both. Once with the probe, once with a Service that follows.
 */
import { LABELS } from '../../../contract/names.ts';
import type { RealCluster } from './cluster.ts';
import { PORT, podTemplate } from './manifests.ts';
import type { Settings } from './settings.ts';
import { SmallChart } from './small-chart.ts';
import { APP_NAMESPACE, type WAYS } from './workload.ts';

const REPLICAS = 4;
/** What an autoscaler raises them to. */
const SCALED = 6;
/** Above what the tools are told, so that it is they who give up. */
const MARGIN_MS = 30_000;
/** An autoscaler looks every 15 seconds, and has to look twice before anything can be said of it. */
const SCALING_SECONDS = 60;

export type Sort = Exclude<keyof typeof WAYS, 'gated'>;

export class Rollouts {
  readonly name: string;
  readonly #sort: Sort;
  readonly #settings: Settings;
  readonly #cluster: RealCluster;
  readonly #seconds: number;
  readonly #chart: SmallChart;

  /** `seconds` is how long each of the tools waits; the chart is written to `folder`. */
  constructor(sort: Sort, seconds: number, folder: string, cluster: RealCluster, settings: Settings) {
    this.name = `work-${sort}`;
    this.#sort = sort;
    this.#seconds = seconds;
    this.#settings = settings;
    this.#cluster = cluster;
    const timeoutMs = seconds * 1_000 + MARGIN_MS;
    this.#chart = new SmallChart(settings, folder, { name: this.name, namespace: APP_NAMESPACE, timeoutMs });
  }

  helmInstall(): Promise<void> {
    return this.#chart.install(this.#objects(), ['--wait', ...this.#limit()]);
  }

  helmUpgrade(): Promise<void> {
    return this.#chart.upgrade(2, ['--wait', ...this.#limit()]);
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
  async scaleByMinimum(): Promise<void> {
    await this.#autoscale(SCALED);
    await this.#scaled(this.#seconds);
  }

  /** By an autoscaler that wants half of the load that each pod has. */
  async scaleByLoad(): Promise<void> {
    await this.#autoscale(REPLICAS);
    const active = ['--for=condition=ScalingActive', `--timeout=${SCALING_SECONDS}s`];
    await this.#kubectl(['wait', `horizontalpodautoscaler/${this.name}`, ...active]);
    await this.#scaled(SCALING_SECONDS);
  }

  /** How many the autoscaler wants. */
  wanted(): Promise<string> {
    const output = ['-o', 'jsonpath={.status.desiredReplicas}'];
    return this.#kubectl(['get', 'horizontalpodautoscaler', this.name, ...output]);
  }

  async delete(): Promise<void> {
    await this.#kubectl(['delete', 'horizontalpodautoscaler', this.name, '--ignore-not-found']);
    await this.#chart.uninstall();
  }

  async #autoscale(min: number): Promise<void> {
    const range = [`--min=${min}`, `--max=${SCALED}`];
    await this.#kubectl(['autoscale', `deployment/${this.name}`, ...range, '--cpu=50%']);
  }

  async #scaled(seconds: number): Promise<void> {
    const available = `--for=jsonpath={.status.availableReplicas}=${SCALED}`;
    await this.#kubectl(['wait', `deployment/${this.name}`, available, `--timeout=${seconds}s`]);
  }

  async #rolledOut(kind: string): Promise<void> {
    await this.#kubectl(['rollout', 'status', `${kind}/${this.name}`, ...this.#limit()]);
  }

  #limit(): readonly string[] {
    return [`--timeout=${this.#seconds}s`];
  }

  #kubectl(args: readonly string[]): Promise<string> {
    return this.#cluster.kubectl(['-n', APP_NAMESPACE, ...args]);
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
          cpu: '10m',
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
