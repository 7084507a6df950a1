import { databaseService } from '../../../contract/databases.ts';
import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import { isSiteLabel, readRouting, siteLabel } from '../../../contract/routing.ts';
import { decodeEpoch } from '../../../contract/status.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import type { Service } from '../../../kubernetes/resources.ts';
import { type LabelIds, labelIds } from './label-ids.ts';
import { releasedOwnership } from './ownership.ts';

/** What is kept of a Service that a follower has to do with. */
export interface FollowedService {
  readonly follower: string;
  readonly key: Required<ObjectKey>;
  readonly version: string;
  /** False: its selector has to be as before it was followed, if it ever was. */
  readonly wanted: boolean;
  /** What it is for which it is not followed though it asks: `owned by postgresql.cnpg.io`, whose operator says where it routes. */
  readonly refused: string | undefined;
  /** It does not ask any more, or is refused, and something of ours is on it. */
  readonly left: boolean;
  /** The labels of its pods, whichever site they are in. Empty: it selects no pods, so there is nothing to move. */
  readonly pods: LabelIds;
  /** The keys of site labels in its selector. */
  readonly siteKeys: readonly string[];
  /** The site that the selector names for this follower; undefined: none. */
  readonly site: string | undefined;
  /** As it was last written; -1: never. */
  readonly epoch: number;
  /** It routes to any site, because the active one was empty. */
  readonly anySite: boolean;
  /** We own the selector of a Service that somebody applies, and have to hand it back. */
  readonly mayReleaseOwnership: boolean;
  /** Milliseconds after which an empty site lets it route to any; Infinity: never. */
  readonly anySiteAfterMs: number;
}

/** Anybody may make Services with a megabyte of selector; nobody's need so many keys to find their pods. */
const MAX_SELECTOR = 32;

/** Undefined when this follower has nothing to do with it. Throws nothing, whatever users put into annotations. */
export function followedBy(follower: string, { metadata, spec }: Service): FollowedService | undefined {
  const { namespace = '', name, resourceVersion = '', labels = {}, annotations = {} } = metadata;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  const settings = readRouting(annotations);
  const asks = labels[LABELS.follow] === 'true';
  if (asks && settings.follower !== follower) return undefined; // That follower takes our key away with its write.
  const selector = spec?.type === 'ExternalName' ? {} : (spec?.selector ?? {});
  const known = labelIds(withoutSites(selector), MAX_SELECTOR);
  const siteKeys = Object.keys(selector).filter(isSiteLabel);
  const isTooLong = known === undefined || siteKeys.length > MAX_SELECTOR;
  const own = siteLabel(follower);
  const anySite = annotations[ANNOTATIONS.anySite] !== undefined;
  // Somebody may select the pods of one site on purpose: a key without an epoch is not of our making.
  const isOurs = annotations[ANNOTATIONS.epoch] !== undefined && (siteKeys.includes(own) || anySite);
  const why = isTooLong ? `with more than ${MAX_SELECTOR} keys in its selector` : databaseService(metadata);
  const refused = asks ? why : undefined;
  const wanted = asks && refused === undefined;
  if (!asks && !isOurs) return undefined;
  return {
    follower,
    key: { namespace, name },
    version: resourceVersion,
    wanted,
    refused,
    left: isOurs && !wanted,
    pods: known ?? [],
    siteKeys: siteKeys.slice(0, MAX_SELECTOR),
    site: selector[own],
    epoch: decodeEpoch(annotations[ANNOTATIONS.epoch]) ?? -1,
    anySite,
    mayReleaseOwnership: wanted && releasedOwnership(metadata.managedFields ?? []) !== undefined,
    anySiteAfterMs:
      settings.onEmpty === 'any-site' ? settings.onEmptyAfter * 1_000 : Number.POSITIVE_INFINITY,
  };
}

/** For each of the followers that has to do with it: hardly ever more than one. */
export function followedByAny(followers: readonly string[], service: Service): readonly FollowedService[] {
  const { labels = {}, annotations = {} } = service.metadata;
  const asks = labels[LABELS.follow] === 'true';
  // Most Services of a cluster are neither.
  if (!asks && annotations[ANNOTATIONS.epoch] === undefined) return NOBODY;
  const asked = asks ? [readRouting(annotations).follower] : followers;
  const found = asked
    .filter((follower) => followers.includes(follower))
    .flatMap((follower) => followedBy(follower, service) ?? []);
  return found.length === 0 ? NOBODY : found;
}

/** One for all of them, as there may be thousands. */
const NOBODY: readonly FollowedService[] = [];

function withoutSites(selector: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(selector).filter(([key]) => !isSiteLabel(key)));
}
