/** What a plan means for the records of a zone at Cloudflare. Pure. */
import { canonicalValue } from '../plan.ts';
import { assertPlannedFor, subjectOf } from '../planned.ts';
import { DnsError } from '../provider.ts';
import { isFollowing } from '../record-types.ts';
import { ANY_TTL, type Change, type RecordSet } from '../records.ts';
import type { Batch, CloudflareRecord, RecordFields } from './api.ts';

/** In the comment of records that this program made, for whoever looks at the zone. */
export const MARK = 'kube-site-follower';
/** The only TTL that a proxied record takes. */
const AUTOMATIC = 1;

/** The A, AAAA and CNAME record sets among `records`. */
export function recordSets(records: readonly CloudflareRecord[]): readonly RecordSet[] {
  const sets = new Map<string, RecordSet>();
  for (const { name, type, content, ttl, proxied } of records) {
    if (!isFollowing(type)) continue;
    const key = `${name} ${type}`;
    const before = sets.get(key);
    sets.set(key, {
      name,
      type,
      ttl: proxied ? ANY_TTL : (before?.ttl ?? ttl),
      values: [...(before?.values ?? []), canonicalValue(content)],
    });
  }
  return [...sets.values()];
}

/**
 * Existing records keep their identity, comment, tags and proxy setting; a new one is proxied when its name is. Throws
 * DnsError when the records are not what the changes were planned for, or are not ours to change.
 */
export function batchOf(records: readonly CloudflareRecord[], changes: readonly Change[]): Batch {
  const parts = changes.map((change) => partOf(records, change));
  return {
    deletes: parts.flatMap(({ deletes }) => deletes),
    patches: parts.flatMap(({ patches }) => patches),
    posts: parts.flatMap(({ posts }) => posts),
  };
}

/** How many entries of a batch the change takes at most. */
export function weightOf(records: readonly CloudflareRecord[], change: Change): number {
  const { name, type } = subjectOf(change);
  const own = records.filter((record) => record.name === name && record.type === type).length;
  return Math.max(own, change.action === 'delete' ? 0 : change.wanted.values.length);
}

function partOf(records: readonly CloudflareRecord[], change: Change): Batch {
  const { name, type } = subjectOf(change);
  const here = records.filter((record) => record.name === name);
  const own = here.filter((record) => record.type === type);
  assertPlannedFor(recordSets(own)[0], change);
  for (const record of own) assertWritable(record);
  if (change.action === 'delete') return { deletes: own.map(({ id }) => ({ id })), patches: [], posts: [] };
  const { values, ttl } = change.wanted;
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
    posts: values.slice(own.length).map((value) => ({ ...fields(value, proxied), proxied, comment: MARK })),
  };
}

function assertWritable({ name, type, meta }: CloudflareRecord): void {
  if (meta?.read_only !== true) return;
  throw new DnsError(`${name} ${type} is kept by another Cloudflare product and cannot be changed`, {
    kind: 'refused',
    code: 'read-only',
    action: `Remove it there (a Worker's custom domain, a tunnel or the like), or take ${name} off the records.`,
  });
}
