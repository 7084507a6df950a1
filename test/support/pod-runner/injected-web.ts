import { ANNOTATIONS, LABELS, PORTS } from '../../../contract/names.ts';
import { AnswerStream } from '../answer-stream.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { SITES, type SiteSetting } from '../two-sites.ts';
import { until } from '../until.ts';
import { startPodBinder } from './binder.ts';
import { type PodRunner, startPodRunner } from './runner.ts';
import { ServiceWatch } from './service-watch.ts';
import { createWeb } from './web.ts';

export interface InjectedWebOptions {
  readonly namespace: string;
  readonly name: string;
  /** As many on each site; so an even number. */
  readonly replicas: number;
  /** How the Service comes to route to the active site; `follow` is without sidecars. */
  readonly mode: RoutingMode;
}

export type RoutingMode = 'readiness' | 'condition' | 'follow';

const START_LIMIT_MS = 60_000;
const FOLLOW_LIMIT_MS = 60_000;

/** A Deployment with pods running on both sites, its Service, and what their sidecars say where they have one. */
export class InjectedWeb {
  readonly namespace: string;
  readonly name: string;
  readonly runner: PodRunner;
  readonly service: ServiceWatch;
  readonly #inSite: number;
  #answers: readonly AnswerStream[] = [];

  /** Use startInjectedWeb. */
  constructor({ namespace, name, replicas }: InjectedWebOptions, runner: PodRunner, service: ServiceWatch) {
    this.namespace = namespace;
    this.name = name;
    this.runner = runner;
    this.service = service;
    this.#inSite = replicas / SITES.length;
  }

  /** Resolves to performance.now() when the sidecars of all pods have answered that `site` is active. */
  async untilAllAnswer(site: SiteSetting): Promise<number> {
    const told = this.#answers.map((stream) =>
      stream.until((answer) => answer.activeSite === site.name, FOLLOW_LIMIT_MS),
    );
    return Math.max(...(await Promise.all(told)).map(({ at }) => at));
  }

  /** Resolves to performance.now() when the Service routes to all pods of `site`, and to no other. */
  untilRoutedTo({ nodeName }: SiteSetting): Promise<number> {
    return this.service.until(
      ({ ready }) => ready.length === this.#inSite && ready.every(({ node }) => node === nodeName),
      FOLLOW_LIMIT_MS,
    );
  }

  /** Resolves when the sidecars of all pods run. */
  async listen(): Promise<void> {
    const wanted = this.#inSite * SITES.length;
    const pods = await until(
      `${wanted} pods run with their sidecars`,
      () => {
        const { pods: now } = this.runner;
        const run = now.filter(({ sidecars }) => sidecars.some(({ state }) => state.started));
        return run.length === wanted ? run : undefined;
      },
      { timeoutMs: START_LIMIT_MS },
    );
    this.#answers = await Promise.all(
      pods.map(({ address }) => AnswerStream.open(`http://${address.local}:${PORTS.sidecar}`)),
    );
  }

  close(): void {
    for (const stream of this.#answers) stream.close();
  }
}

/** What it starts ends with `ends`. The webhook must be ready, and a controller must follow a primary. */
export async function startInjectedWeb(
  plane: ControlPlaneAccess,
  ends: AsyncDisposableStack,
  options: InjectedWebOptions,
): Promise<InjectedWeb> {
  const { namespace, name } = options;
  const runner = await startPodRunner(plane, { namespace });
  ends.defer(() => runner.stop());
  const binder = startPodBinder(plane, { namespace, nodes: SITES.map(({ nodeName }) => nodeName) });
  ends.defer(() => binder.stop());
  const service = new ServiceWatch(plane.api, { namespace, name });
  ends.defer(() => service.stop());
  const web = new InjectedWeb(options, runner, service);
  ends.defer(() => web.close());
  const { mode } = options;
  if (mode === 'follow') {
    await createWeb(plane.api, { ...options, serviceLabels: { [LABELS.follow]: 'true' } });
  } else {
    const annotations = { [ANNOTATIONS.gate]: mode };
    await createWeb(plane.api, { ...options, annotations, labels: { [LABELS.inject]: 'true' } });
    await web.listen();
  }
  return web;
}
