/** Translates changes into batches of Cloudflare's API. Pure. */

import { nameError } from '../../errors.ts';
import { assertPlannedFor, subjectOf } from '../../planned.ts';
import { ofEach } from '../../records/name-errors.ts';
import { setsAmong } from '../../records/record-sets.ts';
import { isFollowing } from '../../records/record-types.ts';
import { plainText, quotedText } from '../../records/text-value.ts';
import { ANY_TTL, type Change, type RecordSet, type WrittenType } from '../../records.ts';
import type { Batch, CloudflareRecord, RecordFields } from './api.ts';

/** The comment of records that this program creates. */
export const MARK = 'kube-site-follower';
/** The only TTL of proxied records. */
const AUTOMATIC = 1;
/** A setting that only CNAMEs have. */
const FLATTEN = 'flatten_cname';

export function recordSets(records: readonly CloudflareRecord[]): readonly RecordSet<WrittenType>[] {
  return setsAmong(
    records.map(({ content, proxied, ttl, ...record }) => ({
      ...record,
      ttl: proxied ? ANY_TTL : ttl,
      values: [content],
    })),
  );
}

/**
 * Existing records keep their id, comment, tags and settings; a new one gets those of a record with the same name. Throws
 * DnsError if the records are not those that the changes were planned for, or are read-only.
 */
export function batchOf(
  records: readonly CloudflareRecord[],
  changes: readonly Change<WrittenType>[],
): Batch {
  const parts = ofEach(changes, (change) => partOf(records, change));
  return {
    deletes: parts.flatMap(({ deletes }) => deletes),
    patches: parts.flatMap(({ patches }) => patches),
    posts: parts.flatMap(({ posts }) => posts),
  };
}

/** An upper bound of the entries in a batch. */
export function weightOf(records: readonly CloudflareRecord[], change: Change<WrittenType>): number {
  const { name, type } = subjectOf(change);
  const own = records.filter((record) => record.name === name && record.type === type).length;
  return Math.max(own, change.action === 'delete' ? 0 : change.desired.values.length);
}

function partOf(records: readonly CloudflareRecord[], change: Change<WrittenType>): Batch {
  const { name, type } = subjectOf(change);
  const here = records.filter((record) => record.name === name);
  // One that is proxied makes the whole name so (developers.cloudflare.com/dns/proxy-status/proxied-records): it goes last.
  const own = here
    .filter((record) => record.type === type)
    .toSorted((one, other) => Number(other.proxied) - Number(one.proxied));
  assertPlannedFor(recordSets(own)[0], change);
  for (const record of own) assertWritable(record);
  if (change.action === 'delete') return { deletes: own.map(({ id }) => ({ id })), patches: [], posts: [] };
  if (type === 'TXT') return textsOf(own, change.desired);
  const { values, ttl } = change.desired;
  const template = here.find((record) => isFollowing(record.type));
  const proxied = here.some((record) => record.proxied);
  const fields = (content: string, isProxied: boolean): RecordFields => ({
    name,
    type,
    content,
    ttl: isProxied ? AUTOMATIC : ttl,
  });
  return {
    deletes: own.slice(values.length).map(({ id }) => ({ id })),
    patches: own.slice(0, values.length).map((record, index) => ({
      id: record.id,
      ...fields(values[index] ?? '', record.proxied),
      ...(record.comment ? {} : { comment: MARK }),
    })),
    posts: values
      .slice(own.length)
      .map((value) => ({ ...fields(value, proxied), proxied, ...keptBy(type, template) })),
  };
}

/** What the user has set at a record, for a new one of this type. Only some plans have tags. */
function keptBy(type: string, template: CloudflareRecord | undefined): Partial<RecordFields> {
  const { comment, tags, settings } = template ?? {};
  const kept = Object.entries(settings ?? {}).filter(([name]) => name !== FLATTEN || type === 'CNAME');
  return {
    comment: comment || MARK,
    ...(tags?.length && { tags }),
    ...(kept.length > 0 && { settings: Object.fromEntries(kept) }),
  };
}

/** Leaves texts of others at the name untouched. */
function textsOf(
  own: readonly CloudflareRecord[],
  { name, type, ttl, values }: RecordSet<WrittenType>,
): Batch {
  const there = new Set(own.map(({ content }) => plainText(content)));
  const gone = own.filter(({ content }) => !values.includes(plainText(content)));
  const added = values.filter((value) => !there.has(value)).map(quotedText);
  return {
    deletes: gone.map(({ id }) => ({ id })),
    patches: [],
    posts: added.map((content) => ({ name, type, content, ttl, comment: MARK })),
  };
}

function assertWritable({ name, type, meta }: CloudflareRecord): void {
  if (meta?.read_only !== true) return;
  throw nameError(name, {
    kind: 'refused',
    code: 'read-only',
    message: `${name} ${type} is kept by another Cloudflare product and cannot be changed`,
    action: `Remove it there (a Worker's custom domain, a tunnel or the like), or take ${name} off the records.`,
  });
}
