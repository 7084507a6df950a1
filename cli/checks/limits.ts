import { podLimitViolations } from '../../webhook/inject/limits.ts';
import { readWorkload } from '../../webhook/inject/shape.ts';
import { loadInjectorConfig, type SidecarResources } from '../../webhook/injector-config.ts';
import type { LimitRange } from '../../webhook/limit-ranges.ts';
import { COMPONENT } from '../cluster/chart.ts';
import { LIMIT_RANGES } from '../cluster/resources.ts';
import { DEPLOYMENTS, WORKLOADS, type Workload } from '../cluster/workloads.ts';
import { type Check, type Finding, problem, titleOf } from './check.ts';
import type { World } from './world.ts';

export const LIMITS: Check = {
  name: 'limits',
  title: 'no LimitRange refuses a pod for its sidecar',
  async find(world) {
    const ranges = await world.list(LIMIT_RANGES);
    if (ranges.length === 0) return { findings: [] };
    const usual = await usualResources(world);
    const workloads = await Promise.all(WORKLOADS.map((resource) => world.askingWorkloads(resource)));
    return { findings: workloads.flat().flatMap((workload) => findingsOf(workload, ranges, usual)) };
  },
};

/** The sidecar’s resources where a pod does not ask for others, by the configuration of the webhook. */
async function usualResources(world: World): Promise<SidecarResources> {
  const labelSelector = `${COMPONENT}=webhook`;
  const webhooks = await world.list(DEPLOYMENTS, {
    namespace: world.namespace,
    labelSelector,
  });
  const variables = webhooks.flatMap(({ spec }) => spec?.template?.spec?.containers?.[0]?.env ?? []);
  const own = variables.filter(({ name }) => name.startsWith('SIDECAR_'));
  const loaded = loadInjectorConfig(Object.fromEntries(own.map(({ name, value }) => [name, value])));
  const fallback = loadInjectorConfig({});
  if (loaded.ok) return loaded.value.resources;
  if (fallback.ok) return fallback.value.resources;
  throw new Error('the sidecar has no resources of its own');
}

function findingsOf(
  workload: Workload,
  ranges: readonly LimitRange[],
  usual: SidecarResources,
): readonly Finding[] {
  const read = readWorkload(workload);
  if (!read.ok) return [];
  const { template } = read.value.spec;
  return ranges
    .filter((range) => range.metadata.namespace === workload.metadata.namespace)
    .flatMap((range) =>
      podLimitViolations(template, usual, range.spec?.limits ?? []).map(({ text, action }) =>
        problem(
          titleOf(workload.kind, workload),
          `its pods are refused by LimitRange ${range.metadata.name}: ${text}`,
          action.replace('on the pods', 'on its pod template'),
        ),
      ),
    );
}
