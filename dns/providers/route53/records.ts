/** Record sets in the form of Route 53, and what a plan means there. Pure. */
import type { Change as ApiChange, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { nameError } from '../../errors.ts';
import { assertPlannedFor, subjectOf } from '../../planned.ts';
import { canonicalName } from '../../records/domain-name.ts';
import { ofEach } from '../../records/name-errors.ts';
import { setsAmong } from '../../records/record-sets.ts';
import { othersAmong } from '../../records/record-types.ts';
import { writtenTexts } from '../../records/text-value.ts';
import type { Change, OtherRecords, RecordSet, WrittenType } from '../../records.ts';

/** What stands for itself: a dot within a label is none between two, and a space or a byte above ASCII is no letter of a name. */
const BARE = /[!-\-/-[\]-~]/;

/** `\052.example.com.` → `*.example.com`: the API writes all but letters, digits, "-" and "_" in octal. */
export function plainName(name: string): string {
  const bare = name.replaceAll(/\\([0-7]{3})/g, (written, code: string) => {
    const character = String.fromCharCode(Number.parseInt(code, 8));
    return BARE.test(character) ? character : written;
  });
  return canonicalName(bare);
}

/**
 * The A, AAAA, CNAME and TXT sets. Aliases and sets of a routing policy have no values of their own: they are shown as
 * something that equals nothing desired, and {@link changesOf} refuses to touch them.
 */
export function recordSets(sets: readonly ResourceRecordSet[]): readonly RecordSet<WrittenType>[] {
  return setsAmong(
    sets.map((set) => ({
      name: plainName(set.Name ?? ''),
      type: set.Type ?? '',
      ttl: set.TTL ?? 0,
      values: valuesOf(set),
      special: specialty(set),
    })),
  );
}

function valuesOf(set: ResourceRecordSet | undefined): readonly string[] {
  return (set?.ResourceRecords ?? []).map(({ Value = '' }) => Value);
}

/** All others. */
export function otherRecords(sets: readonly ResourceRecordSet[]): readonly OtherRecords[] {
  return othersAmong(sets.map(({ Name = '', Type = '' }) => ({ name: plainName(Name), type: Type })));
}

function specialty(set: ResourceRecordSet): string | undefined {
  const { AliasTarget, SetIdentifier, TrafficPolicyInstanceId } = set;
  if (AliasTarget !== undefined) return `an alias of ${AliasTarget.DNSName}`;
  if (TrafficPolicyInstanceId !== undefined) return 'made by a traffic policy';
  return SetIdentifier === undefined ? undefined : 'part of a routing policy';
}

/**
 * A change of a set is its deletion and creation in one batch. The batch is made whole or not at all, and the API deletes
 * only what is exactly as it was read: so this is a compare-and-set, which UPSERT is not. Throws DnsError when the sets
 * are not what the changes were planned for, or are not ours to change.
 */
export function changesOf(
  sets: readonly ResourceRecordSet[],
  changes: readonly Change<WrittenType>[],
): readonly ApiChange[] {
  const setOf = ({ name, type }: Pick<RecordSet<WrittenType>, 'name' | 'type'>) =>
    sets.find((set) => set.Type === type && plainName(set.Name ?? '') === name);
  const parts = ofEach(changes, (change): readonly ApiChange[] => {
    const { name, type } = subjectOf(change);
    const there = setOf({ name, type });
    assertPlannedFor(there && recordSets([there])[0], change);
    assertOurs(name, there);
    const deletion: ApiChange[] = there === undefined ? [] : [{ Action: 'DELETE', ResourceRecordSet: there }];
    if (change.action === 'delete') return deletion;
    const { ttl } = change.desired;
    const values =
      type === 'TXT' ? writtenTexts(change.desired.values, valuesOf(there)) : change.desired.values;
    const replaced = changes.find((other) => other.action === 'delete' && other.current.name === name);
    const before = there ?? (replaced && setOf(subjectOf(replaced)));
    const creation: ApiChange = {
      Action: 'CREATE',
      ResourceRecordSet: {
        Name: name,
        Type: type,
        TTL: ttl,
        ResourceRecords: values.map((Value) => ({ Value })),
        ...(before?.HealthCheckId !== undefined && { HealthCheckId: before.HealthCheckId }),
      },
    };
    return [...deletion, creation];
  });
  return parts.flat();
}

/**
 * Makes the batch that it is part of depend on a set that stays: to delete it as it is, and create it again, is refused
 * where it is another one by then. Throws DnsError when it is so already.
 */
export function unchanged(
  sets: readonly ResourceRecordSet[],
  stays: RecordSet<WrittenType>,
): readonly ApiChange[] {
  const there = sets.find((set) => set.Type === stays.type && plainName(set.Name ?? '') === stays.name);
  assertPlannedFor(there && recordSets([there])[0], { action: 'update', current: stays, desired: stays });
  const actions = ['DELETE', 'CREATE'] as const;
  return there === undefined ? [] : actions.map((Action) => ({ Action, ResourceRecordSet: there }));
}

function assertOurs(name: string, there: ResourceRecordSet | undefined): void {
  const special = there === undefined ? undefined : specialty(there);
  if (special === undefined) return;
  throw nameError(name, {
    kind: 'refused',
    code: 'special',
    message: `${name} ${there?.Type} is ${special} in Route 53, which is not replaced`,
    action: `Remove it in the Route 53 console, or take ${name} off the records.`,
  });
}
