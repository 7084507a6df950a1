import * as z from 'zod';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { isSiteLabel, readRouting, siteLabel } from '../../contract/routing.ts';
import { type Operation, removeEntries, setEntries } from '../inject/patch.ts';
import { type Metadata, metadata, type Read, read } from '../inject/shape.ts';

const service = z.object({
  metadata: metadata.nullish(),
  spec: z.object({
    type: z.string().nullish(),
    selector: z.record(z.string(), z.string()).nullish(),
  }),
});

/** What of a Service matters here. */
export type ServiceShape = z.infer<typeof service>;

export const readService = (value: unknown): Read<ServiceShape> => read(service, value);

/** Which site is active for a follower, as far as this replica knows; undefined: it has never heard of one. */
export type ActiveSites = (follower: string) => { readonly site: string; readonly epoch: number } | undefined;

/** What becomes of a Service that is being written. */
export interface Routed {
  /** routed: a new one follows from the start. kept: the site that the writer left out stays. restored: it follows no more. */
  readonly change: 'routed' | 'kept' | 'restored' | 'none';
  readonly patch: readonly Operation[];
  readonly warnings: readonly string[];
}

const SELECTOR = '/spec/selector';
const ANNOTATIONS_AT = '/metadata/annotations';

/**
 * A selector is one value to server-side apply, so whoever applies a Service anew takes away the site that the
 * controller has put there. Here it stays, in the same write and in dry runs, so nobody sees a moment or a difference.
 * What the site is is the controller's to say: of an existing Service the old one holds. Nothing is ever denied.
 */
export function routeService(now: ServiceShape, old: ServiceShape | undefined, active: ActiveSites): Routed {
  const label = now.metadata?.labels?.[LABELS.follow];
  if (label !== 'true') {
    const restored = restore(now, old);
    const isUnclear = label !== undefined && label !== 'false';
    const warning = `label ${LABELS.follow}: "${label}" has no effect, it must be "true" or "false"`;
    return isUnclear ? { ...restored, warnings: [warning] } : restored;
  }
  const settings = readRouting(now.metadata?.annotations ?? {});
  const { follower, problems } = settings;
  const selector = now.spec.selector ?? {};
  if (now.spec.type === 'ExternalName' || Object.keys(selector).length === 0) {
    return none(...problems, `label ${LABELS.follow} has no effect: the Service selects no pods`);
  }
  const routed = old === undefined ? begin(now, follower, active) : keep(now, old);
  return { ...routed, warnings: [...problems, ...routed.warnings] };
}

function none(...warnings: readonly string[]): Routed {
  return { change: 'none', patch: [], warnings };
}

/** A new Service. It may be a copy of another one, site and epoch included, so what it says itself does not count. */
function begin({ metadata, spec }: ServiceShape, follower: string, active: ActiveSites): Routed {
  const known = active(follower);
  if (known === undefined) {
    const name = JSON.stringify(follower);
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

/** Of one that is there the routing stays as it was, whatever the writer says of it: only the controller moves it. */
function keep(now: ServiceShape, old: ServiceShape): Routed {
  const epoch = epochOf(old);
  // Who has not followed so far begins to when the controller has labelled its pods, so that it loses none of them.
  if (epoch === undefined) return none();
  // Our configuration exempts the controller; where somebody has left that out, an epoch or any-site is its word.
  const said = epochOf(now);
  if (said !== undefined && (said !== epoch || anySiteOf(now) !== anySiteOf(old))) return none();
  const isSame = JSON.stringify(siteKeys(now)) === JSON.stringify(siteKeys(old));
  const own = Object.entries(now.spec.selector ?? {}).filter(([key]) => !isSiteLabel(key));
  const selector = { ...Object.fromEntries(own), ...Object.fromEntries(siteKeys(old)) };
  const patch: Operation[] = [
    ...(isSame ? [] : [{ op: 'add', path: SELECTOR, value: selector } as const]),
    ...(said === undefined
      ? setEntries(ANNOTATIONS_AT, now.metadata?.annotations, { [ANNOTATIONS.epoch]: epoch })
      : []),
  ];
  return patch.length === 0 ? none() : { change: 'kept', patch, warnings: [] };
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
    ...removeEntries(ANNOTATIONS_AT, now.metadata?.annotations, [ANNOTATIONS.epoch, ANNOTATIONS.anySite]),
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
const anySiteOf = (shape: ServiceShape) => annotation(shape, ANNOTATIONS.anySite);
