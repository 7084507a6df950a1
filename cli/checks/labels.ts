import { databaseMember } from '../../contract/databases.ts';
import { LABELS } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { readLabel } from '../../webhook/inject/label.ts';
import type { Listed } from '../cluster/kept.ts';
import { CRON_JOBS, JOBS, type Job, NAMESPACES } from '../cluster/resources.ts';
import { WORKLOADS, type Workload } from '../cluster/workloads.ts';
import { type Check, type Finding, titleOf, warning } from './check.ts';
import type { World } from './world.ts';

/** Kinds whose template cannot be changed, so that the webhook does not propagate their label to it. */
const FIXED = [JOBS, CRON_JOBS];

export const MISPLACED: Check = {
  name: 'labels',
  title: `${LABELS.inject} is where it has an effect, and is true or false`,
  async find(world) {
    const found = await Promise.all([
      ...[...WORKLOADS, ...FIXED].map((resource) => annotated(world, resource)),
      ...WORKLOADS.map((resource) => unpropagated(world, resource)),
      ...FIXED.map((resource) => onFixed(world, resource)),
      neitherTrueNorFalse(world, NAMESPACES),
      ...WORKLOADS.map((resource) => neitherTrueNorFalse(world, resource)),
    ]);
    return { findings: found.flat() };
  },
};

/** An annotation instead of a label has no effect. */
async function annotated<T extends KubeObject>(world: World, resource: Listed<T>): Promise<Finding[]> {
  const objects = await world.list(resource);
  return objects
    .filter((object) =>
      [object.metadata, templateOf(object)].some((part) => part?.annotations?.[LABELS.inject] !== undefined),
    )
    .map((object) =>
      warning(
        titleOf(object.kind, object),
        `${LABELS.inject} is an annotation there, which has no effect`,
        'Make it a label.',
      ),
    );
}

async function unpropagated(world: World, resource: Listed<Workload>): Promise<Finding[]> {
  const objects = await world.list(resource);
  const when = await world.missedWhen();
  return objects.flatMap((object): Finding[] => {
    const own = readLabel(object.metadata.labels);
    const template = readLabel(templateOf(object)?.labels);
    // Members of a database have a check of their own.
    const isMember =
      databaseMember(object.spec?.template ?? {}, object.metadata.ownerReferences ?? []) !== undefined;
    if (own !== 'yes' || template === 'yes' || isMember) return [];
    const about = titleOf(object.kind, object);
    return template === 'unsaid'
      ? [
          warning(
            about,
            `its label was not copied to the pod template: it was set ${when}, or something restores the template`,
            'Remove the label and set it again, or put it on the pod template in the source of this workload.',
          ),
        ]
      : [
          warning(
            about,
            'its label has no effect: the pod template says otherwise, and that wins',
            'Change the label of the pod template.',
          ),
        ];
  });
}

async function onFixed(world: World, resource: Listed<Job>): Promise<Finding[]> {
  const objects = await world.list(resource, { labelSelector: LABELS.inject });
  return objects
    .filter((object) => readLabel(templateOf(object)?.labels) === 'unsaid')
    .map((object) =>
      warning(
        titleOf(object.kind, object),
        `a label on a ${object.kind} has no effect`,
        'Put it on the pod template.',
      ),
    );
}

async function neitherTrueNorFalse<T extends KubeObject>(
  world: World,
  resource: Listed<T>,
): Promise<Finding[]> {
  const objects = await world.list(resource, {
    labelSelector: `${LABELS.inject},${LABELS.inject} notin (true,false)`,
  });
  return objects.map((object) =>
    warning(
      titleOf(object.kind, object),
      `${LABELS.inject} is "${object.metadata.labels?.[LABELS.inject]}" there, which has no effect`,
      'It must be true or false.',
    ),
  );
}

interface Templated {
  readonly spec?: {
    readonly template?: KubeObject;
    readonly jobTemplate?: { readonly spec?: { readonly template?: KubeObject } };
  };
}

function templateOf(object: KubeObject): Partial<KubeObject['metadata']> | undefined {
  const { spec } = object as KubeObject & Templated;
  return (spec?.template ?? spec?.jobTemplate?.spec?.template)?.metadata;
}
