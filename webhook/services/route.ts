import * as z from 'zod';
import { databaseService } from '../../contract/databases.ts';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { isSiteLabel, readRouting, siteLabel } from '../../contract/routing.ts';
import { shown } from '../../kubernetes/cut.ts';
import type { Result } from '../../runtime/result.ts';
import { type Operation, removeEntries, setEntries } from '../inject/patch.ts';
import { entries, type Metadata, metadata, read } from '../inject/shape.ts';

const service = z.object({
  metadata: metadata.nullish(),
  spec: z.object({
    type: z.string().nullish(),
    selector: entries(z.string()).nullish(),
  }),
});

export type ServiceShape = z.infer<typeof service>;

export const readService = (value: unknown): Result<ServiceShape> => read(service, value);

/** Undefined: no active site of the follower is known. */
export type ActiveSites = (
  follower: string,
) => { readonly site: string; readonly epoch: number } | 'moves-no-services' | undefined;

export interface Routed {
  /** routed: a new Service has its site from the start. kept: the routing stays. restored: it no longer follows. */
  readonly change: 'routed' | 'kept' | 'restored' | 'none';
  readonly patch: readonly Operation[];
  readonly warnings: readonly string[];
}

const SELECTOR = '/spec/selector';
const ANNOTATIONS_AT = '/metadata/annotations';
/** Written by the controller. */
const OWN_ANNOTATIONS: readonly string[] = [ANNOTATIONS.epoch, ANNOTATIONS.anySite];

/**
 * A selector is atomic in server-side apply, so applying a Service again removes the site that the controller has added.
 * This restores it in the same request, also in dry runs, so there is neither a gap nor a diff. Only the controller
 * decides on the site of an existing Service. No request is ever denied.
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
  // With nothing but a site it would select every pod there; the controller does not move such a Service either.
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

/** A Service with a site would stay there when the primary moves. */
const unmoved = (follower: string) =>
  `follower ${JSON.stringify(shown(follower))} moves no Services (followServices: false)`;

/** A new Service may be a copy of another one, with site and epoch, so its own do not count. */
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
 * The routing of an existing Service stays as it was, epoch included, whatever is applied: that may be an older state
 * saved somewhere. Only the controller moves it, and its requests do not come here.
 */
function keep(now: ServiceShape, old: ServiceShape, active: ActiveSites): Routed {
  const isSame = JSON.stringify(siteKeys(now)) === JSON.stringify(siteKeys(old));
  // A site without an epoch is the user's own.
  const isOwn = epochOf(now) === undefined && epochOf(old) === undefined;
  const others = Object.entries(now.spec.selector ?? {}).filter(([key]) => !isSiteLabel(key));
  const selector = Object.fromEntries([...others, ...siteKeys(old)]);
  const patch: Operation[] = [
    ...(isSame || isOwn ? [] : [{ op: 'add', path: SELECTOR, value: selector } as const]),
    ...annotationsAs(now, old),
  ];
  return { change: patch.length === 0 ? 'none' : 'kept', patch, warnings: unheard(now, old, active) };
}

/** Warns when a Service begins to follow a follower that is unknown or moves no Services. */
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

/** Restores the annotations of the controller. */
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
  // Somebody may select the pods of one site on purpose: only a site with an epoch is ours.
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
