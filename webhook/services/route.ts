import * as z from 'zod';
import { databaseService } from '../../contract/databases.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { isSiteLabel, readRouting, siteLabel } from '../../contract/routing.ts';
import { shown } from '../../kubernetes/cut.ts';
import { recordOf } from '../../runtime/first-problem.ts';
import type { Result } from '../../runtime/result.ts';
import { type Operation, removeEntries, setEntries } from '../inject/patch.ts';
import { type Metadata, metadata, read } from '../inject/shape.ts';

const service = z.object({
  metadata: metadata.nullish(),
  spec: z.object({
    type: z.string().nullish(),
    selector: recordOf(z.string()).nullish(),
  }),
});

/** What of a Service matters here. */
export type ServiceShape = z.infer<typeof service>;

export const readService = (value: unknown): Result<ServiceShape> => read(service, value);

/**
 * Which site is active for a follower, as far as this replica knows; undefined: it has never heard of one.
 * moves-no-services: nobody would move what it is given.
 */
export type ActiveSites = (
  follower: string,
) => { readonly site: string; readonly epoch: number } | 'moves-no-services' | undefined;

/** What becomes of a Service that is being written. */
export interface Routed {
  /** routed: a new one follows from the start. kept: the site that the writer left out stays. restored: it follows no more. */
  readonly change: 'routed' | 'kept' | 'restored' | 'none';
  readonly patch: readonly Operation[];
  readonly warnings: readonly string[];
}

const SELECTOR = '/spec/selector';
const ANNOTATIONS_AT = '/metadata/annotations';
/** What the controller says of the routing. */
const OWN_ANNOTATIONS: readonly string[] = [ANNOTATIONS.epoch, ANNOTATIONS.anySite];

/**
 * A selector is one value to server-side apply, so whoever applies a Service again takes away the site that the
 * controller has put there. Here it stays, in the same write and in dry runs, so nobody sees a moment or a difference.
 * What the site is is the controller's to say: of an existing Service the old one holds. Nothing is ever denied.
 */
export function routeService(now: ServiceShape, old: ServiceShape | undefined, active: ActiveSites): Routed {
  const label = now.metadata?.labels?.[LABELS.follow];
  if (label !== 'true') {
    const restored = restore(now, old);
    const isUnclear = label !== undefined && label !== 'false';
    const warning = `label ${LABELS.follow}: "${shown(label ?? '')}" has no effect, it must be "true" or "false"`;
    return isUnclear ? { ...restored, warnings: [warning] } : restored;
  }
  const owner = databaseService(now.metadata);
  if (owner !== undefined) {
    const warning = `label ${LABELS.follow} has no effect: the Service is ${owner}, and its operator says where it routes`;
    return { ...restore(now, old), warnings: [warning] };
  }
  const settings = readRouting(now.metadata?.annotations ?? {});
  const { follower, problems } = settings;
  // By a site alone it would select the pods of everybody: the controller leaves that alone, too.
  const selectsPods = Object.keys(now.spec.selector ?? {}).some((key) => !isSiteLabel(key));
  if (now.spec.type === 'ExternalName' || !selectsPods) {
    return none(...problems, `label ${LABELS.follow} has no effect: the Service selects no pods of its own`);
  }
  const routed = old === undefined ? begin(now, follower, active) : keep(now, old, active);
  return { ...routed, warnings: [...problems, ...routed.warnings] };
}

function none(...warnings: readonly string[]): Routed {
  return { change: 'none', patch: [], warnings };
}

/** Nobody moves it then: given a site, it would stay there when the primary has gone. */
const unmoved = (follower: string) =>
  `follower ${JSON.stringify(shown(follower))} moves no Services (followServices: false)`;

/** A new Service. It may be a copy of another one, site and epoch included, so what it says itself does not count. */
function begin({ metadata, spec }: ServiceShape, follower: string, active: ActiveSites): Routed {
  const known = active(follower);
  if (known === 'moves-no-services') return none(`${unmoved(follower)}: this one routes to all sites`);
  if (known === undefined) {
    const name = JSON.stringify(shown(follower));
    return none(
      `follower ${name} has not told an active site yet: until then the Service routes to all sites`,
    );
  }
  const { site, epoch } = known;
  const key = siteLabel(follower);
  if (spec.selector?.[key] === site && metadata?.annotations?.[ANNOTATIONS.epoch] === String(epoch)) {
    return none();
  }
  const patch = [
    ...setEntries(SELECTOR, spec.selector, { [key]: site }),
    ...setEntries(ANNOTATIONS_AT, metadata?.annotations, { [ANNOTATIONS.epoch]: String(epoch) }),
  ];
  return { change: 'routed', patch, warnings: [] };
}

/**
 * Of one that is there the routing stays as it was, whatever the writer says of it, epoch included: it may be a copy of
 * an older state that somebody has saved and applies again. Only the controller moves it, and its writes are exempt.
 */
function keep(now: ServiceShape, old: ServiceShape, active: ActiveSites): Routed {
  const isSame = JSON.stringify(siteKeys(now)) === JSON.stringify(siteKeys(old));
  // A site without an epoch beside it is the writer's own, and nothing of ours is to be kept.
  const isOwn = epochOf(now) === undefined && epochOf(old) === undefined;
  const others = Object.entries(now.spec.selector ?? {}).filter(([key]) => !isSiteLabel(key));
  const selector = Object.fromEntries([...others, ...siteKeys(old)]);
  const patch: Operation[] = [
    ...(isSame || isOwn ? [] : [{ op: 'add', path: SELECTOR, value: selector } as const]),
    ...annotationsAs(now, old),
  ];
  return { change: patch.length === 0 ? 'none' : 'kept', patch, warnings: unheard(now, old, active) };
}

/** Who begins to listen to a follower that there is not, or that moves nothing, would wait for ever. */
function unheard(now: ServiceShape, old: ServiceShape, active: ActiveSites): readonly string[] {
  const { follower } = readRouting(now.metadata?.annotations ?? {});
  const isNew =
    epochOf(old) === undefined || follower !== readRouting(old.metadata?.annotations ?? {}).follower;
  const known = active(follower);
  if (isNew && known === 'moves-no-services') return [`${unmoved(follower)}: this one stays as it is`];
  if (!isNew || known !== undefined) return [];
  return [
    `follower ${JSON.stringify(shown(follower))} has not told an active site: until then the Service routes as it does now`,
  ];
}

/** The controller's own annotations as they were. */
function annotationsAs(now: ServiceShape, old: ServiceShape): Operation[] {
  const [before, after] = [ownAnnotations(now), ownAnnotations(old)];
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const others = Object.entries(now.metadata?.annotations ?? {}).filter(
    ([name]) => !OWN_ANNOTATIONS.includes(name),
  );
  const all = Object.fromEntries([...others, ...after]);
  if (Object.keys(all).length === 0) return [{ op: 'remove', path: ANNOTATIONS_AT }];
  return [{ op: 'add', path: ANNOTATIONS_AT, value: all }];
}

/** The selector as it was before the Service followed. */
function restore(now: ServiceShape, old: ServiceShape | undefined): Routed {
  // Somebody may select the pods of one site on purpose: only what has an epoch beside it is of our making.
  if (epochOf(now) === undefined && (old === undefined || epochOf(old) === undefined)) return none();
  const keys = Object.keys(now.spec.selector ?? {}).filter(isSiteLabel);
  const ours = keys.filter(
    (key) => old === undefined || now.spec.selector?.[key] === old.spec.selector?.[key],
  );
  const patch = [
    ...removeEntries(SELECTOR, now.spec.selector, ours),
    ...removeEntries(ANNOTATIONS_AT, now.metadata?.annotations, OWN_ANNOTATIONS),
  ];
  return patch.length === 0 ? none() : { change: 'restored', patch, warnings: [] };
}

function siteKeys({ spec }: ServiceShape): readonly (readonly [string, string])[] {
  return Object.entries(spec.selector ?? {})
    .filter(([key]) => isSiteLabel(key))
    .toSorted(([one], [other]) => one.localeCompare(other));
}

const annotation = ({ metadata }: ServiceShape, name: string) => (metadata as Metadata)?.annotations?.[name];
const epochOf = (shape: ServiceShape) => annotation(shape, ANNOTATIONS.epoch);

function ownAnnotations(shape: ServiceShape): readonly (readonly [string, string])[] {
  return OWN_ANNOTATIONS.flatMap((name) => {
    const value = annotation(shape, name);
    return value === undefined ? [] : [[name, value] as const];
  });
}
