/**
 * The owner of each record, in a TXT record beside it like those of ExternalDNS's registry, so that neither takes over
 * the other's records. Source of names and text: sigs.k8s.io/external-dns, registry/mapper/mapper.go and
 * endpoint/labels.go. Pure.
 */
import { nameError } from '../errors.ts';
import { setAt } from '../plan.ts';
import { subjectOf } from '../planned.ts';
import type { DnsError } from '../provider.ts';
import { RECORD_TYPES } from '../records/record-types.ts';
import type { Change, Current, RecordSet, TextSet } from '../records.ts';
import { hostInZone } from '../zones.ts';
import type { NameChanges } from './separate.ts';

export interface OwnershipSettings {
  /** As ExternalDNS's `--txt-owner-id`. */
  readonly id: string;
  /** As `--txt-prefix`, in lower case. */
  readonly prefix: string;
  /** As `--txt-suffix`. */
  readonly suffix: string;
  /** As `--txt-wildcard-replacement`. */
  readonly wildcard: string;
  /** Take over records that nobody owns. */
  readonly adopt: boolean;
}

const HERITAGE = 'external-dns';
const TEMPLATE = '%{record_type}';
/** RFC 1035 section 2.3.4; a name of 255 bytes on the wire has 253 characters. */
const MAX_LABEL_LENGTH = 63;
const MAX_NAME_LENGTH = 253;

export class Ownership {
  readonly #settings: OwnershipSettings;

  constructor(settings: OwnershipSettings) {
    this.#settings = settings;
  }

  /** The name of the owner record. */
  nameOf({ name, type }: Pick<RecordSet, 'name' | 'type'>): string {
    const { prefix, suffix } = this.#settings;
    const kind = type.toLowerCase();
    const isInAffix = prefix.includes(TEMPLATE) || suffix.includes(TEMPLATE);
    const filled = (affix: string) => affix.replaceAll(TEMPLATE, kind);
    return this.#around(name, filled(prefix) + (isInAffix ? '' : `${kind}-`), filled(suffix));
  }

  /** The names in the zone at which owner records of `names` may be. */
  namesAbout(names: readonly string[], zone: string): readonly string[] {
    const all = names.flatMap((name) => [
      ...RECORD_TYPES.map((type) => this.nameOf({ name, type })),
      ...this.#oldNames(name),
    ]);
    return [...new Set(all)].filter((name) => ownerNameProblem(name, zone) === undefined);
  }

  /** The names whose owner records cannot be in the zone, with the reason. */
  nameless(desired: readonly RecordSet[], zone: string): ReadonlyMap<string, DnsError> {
    const errors = desired.flatMap((set) => {
      const at = this.nameOf(set);
      const problem = ownerNameProblem(at, zone);
      return problem === undefined ? [] : [[set.name, noOwnerName(set, at, problem)] as const];
    });
    return new Map(errors);
  }

  /** Those of `names` whose owner could not be read, with the reason. */
  unread(names: readonly string[], zone: string, { unread }: Current): ReadonlyMap<string, Error> {
    if (unread === undefined) return new Map();
    return new Map(
      names.flatMap((name) =>
        this.namesAbout([name], zone).flatMap((at) => {
          const error = unread.get(at);
          return error === undefined ? [] : [[name, error] as const];
        }),
      ),
    );
  }

  /**
   * The names that cannot be written, with the reason: a set that is desired, or that would be deleted for one, belongs to
   * somebody else, or its owner record cannot be written without harm to other texts.
   */
  refusals(
    desired: readonly RecordSet[],
    { sets: found, texts = [] }: Current,
    changes: readonly Change[],
    mayHarmTexts: boolean,
  ): ReadonlyMap<string, DnsError> {
    const refused = new Map<string, DnsError>();
    const goes = changes.flatMap((change) => (change.action === 'delete' ? [change.current] : []));
    for (const set of [...desired, ...goes]) {
      const error = this.#refusal(set, setAt(found, set) !== undefined, texts);
      if (error !== undefined) refused.set(set.name, error);
    }
    const harmed = mayHarmTexts
      ? desired.filter((set) => this.#claim(set, texts)[0]?.action === 'update')
      : [];
    for (const set of harmed) {
      if (!refused.has(set.name)) refused.set(set.name, textsBeside(set.name, this.nameOf(set)));
    }
    return refused;
  }

  #refusal(set: RecordSet, isThere: boolean, texts: readonly TextSet[]): DnsError | undefined {
    const { id, adopt } = this.#settings;
    const owner = this.#ownerOf(set, texts);
    if (owner !== undefined && owner !== id) return notOurs(set, owner, id);
    return owner === undefined && isThere && !adopt ? nobodys(set, id) : undefined;
  }

  /**
   * `changes` by name, with those of the owner records: these are written before the record and deleted after it, even
   * if whoever deleted the record has left its owner record.
   */
  accompany(
    changes: readonly Change[],
    desired: readonly RecordSet[],
    { sets: found, texts = [] }: Pick<Current, 'sets' | 'texts'>,
    mayHarmTexts: boolean,
  ): readonly NameChanges[] {
    const names = new Set([...desired, ...changes.map(subjectOf)].map(({ name }) => name));
    const users = Map.groupBy([...found, ...desired], (set) => this.nameOf(set));
    const inUse = new Set(users.keys());
    // With a replacement for `*` two names may have the same one: it is left over when both have gone.
    const isShared = (set: RecordSet) => users.get(this.nameOf(set))?.some(({ name }) => name !== set.name);
    const parts = [...names].map((name) => {
      const own = changes.filter((change) => subjectOf(change).name === name);
      const claims = desired.filter((set) => set.name === name).flatMap((set) => this.#claim(set, texts));
      const gone = own.flatMap((change) => (change.action === 'delete' ? [change.current] : []));
      const left = RECORD_TYPES.map((type) => ({ name, type })).filter((set) => !inUse.has(this.nameOf(set)));
      const ended = gone.filter((set) => isShared(set) !== true);
      const releases = [...ended, ...left].flatMap((set) => this.#release(set, texts));
      // An owner record that stays for the sake of other texts is about a record that does not exist: it does no harm.
      const harmless = releases.filter(({ action }) => !mayHarmTexts || action === 'delete');
      return { name, changes: [...claims, ...own, ...harmless] };
    });
    return parts.filter((part) => part.changes.length > 0);
  }

  #claim(set: RecordSet, texts: readonly TextSet[]): readonly Change<'TXT'>[] {
    const name = this.nameOf(set);
    const there = texts.find((text) => text.name === name);
    if (there !== undefined && ownerIn(there) === this.#settings.id) return [];
    const own = `heritage=${HERITAGE},${HERITAGE}/owner=${this.#settings.id}`;
    if (there === undefined)
      return [{ action: 'create', desired: { name, type: 'TXT', ttl: set.ttl, values: [own] } }];
    return [{ action: 'update', current: there, desired: { ...there, values: [own, ...there.values] } }];
  }

  #release(set: Pick<RecordSet, 'name' | 'type'>, texts: readonly TextSet[]): readonly Change<'TXT'>[] {
    const there = texts.find((text) => text.name === this.nameOf(set));
    if (there === undefined || ownerIn(there) !== this.#settings.id) return [];
    const others = there.values.filter((value) => ownerOf(value) === undefined);
    if (others.length === 0) return [{ action: 'delete', current: there }];
    return [{ action: 'update', current: there, desired: { ...there, values: others } }];
  }

  #ownerOf(set: RecordSet, texts: readonly TextSet[]): string | undefined {
    const at = (name: string) =>
      texts
        .filter((text) => text.name === name)
        .map(ownerIn)
        .find((owner) => owner !== undefined);
    const [old] = set.type === 'AAAA' ? [] : this.#oldNames(set.name);
    return at(this.nameOf(set)) ?? (old === undefined ? undefined : at(old));
  }

  /** Before ExternalDNS 0.12 one owner record was for all types but AAAA; none of `a-b`, as that of `b` is there, and read so. */
  #oldNames(name: string): readonly string[] {
    const { prefix, suffix } = this.#settings;
    if (RECORD_TYPES.some((type) => name.startsWith(`${type.toLowerCase()}-`))) return [];
    const bare = (affix: string) => affix.replaceAll(TEMPLATE, '');
    return [this.#around(name, bare(prefix), bare(suffix))];
  }

  #around(name: string, before: string, after: string): string {
    const dot = name.indexOf('.');
    const label = dot < 0 ? name : name.slice(0, dot);
    const { wildcard } = this.#settings;
    const first = label === '*' && wildcard !== '' ? wildcard : label;
    return `${before}${first}${after}${dot < 0 ? '' : name.slice(dot)}`;
  }
}

/**
 * The owner in a TXT record set; undefined when it is about something else. With a provider that cannot compare and set,
 * two may have been written at once: then all readers take the same.
 */
export function ownerIn({ values }: TextSet): string | undefined {
  const [first] = values
    .map(ownerOf)
    .filter((owner) => owner !== undefined)
    .sort();
  return first;
}

/** What is wrong with the name of an owner record in the zone; reads on from "at …,". */
export function ownerNameProblem(name: string, zone: string): string | undefined {
  if (hostInZone(name, zone) === undefined) return `outside of the zone ${zone}`;
  if (name.startsWith('.') || name.includes('..')) return 'where a label has no characters';
  const label = name.split('.').find(({ length }) => length > MAX_LABEL_LENGTH);
  if (label !== undefined)
    return `where a label has ${label.length} characters, of at most ${MAX_LABEL_LENGTH}`;
  const isTooLong = name.length > MAX_NAME_LENGTH;
  return isTooLong
    ? `where the name has ${name.length} characters, of at most ${MAX_NAME_LENGTH}`
    : undefined;
}

function noOwnerName({ name, type }: RecordSet, at: string, problem: string): DnsError {
  return nameError(name, {
    kind: 'config',
    code: 'owner-name',
    message: `the owner of ${name} ${type} belongs at ${at}, ${problem}: it stays as it is`,
    action: `Change DNS_OWNER_PREFIX (a shorter one; with %{record_type}. the top of a zone has its owner within), or take ${name} off the records.`,
  });
}

function ownerOf(text: string): string | undefined {
  const labels = new Map(
    withoutQuotes(text)
      .split(',')
      .map((token) => split(token)),
  );
  return labels.get('heritage') === HERITAGE ? (labels.get(`${HERITAGE}/owner`) ?? '') : undefined;
}

/** Some servers show quotes as a part of the text; ExternalDNS drops them. */
function withoutQuotes(text: string): string {
  let [from, to] = [0, text.length];
  while (text[from] === '"') from += 1;
  while (to > from && text[to - 1] === '"') to -= 1;
  return text.slice(from, to);
}

function split(token: string): readonly [string, string] {
  const at = token.indexOf('=');
  return at < 0 ? [token, ''] : [token.slice(0, at), token.slice(at + 1)];
}

function notOurs({ name, type }: RecordSet, owner: string, id: string): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'not-owned',
    message: `${name} ${type} belongs to "${owner}", as its TXT record says, and not to "${id}": it stays as it is`,
    action: `Take ${name} off the records of one of the two; to move it here, remove it there with its TXT record first.`,
  });
}

function textsBeside(name: string, at: string): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'not-owned',
    message: `the owner of ${name} belongs at ${at}, where TXT records of others are that this provider may not keep as they are`,
    action: `Remove the TXT records of ${at}, or have owners written elsewhere with DNS_OWNER_PREFIX.`,
  });
}

function nobodys({ name, type }: RecordSet, id: string): DnsError {
  return nameError(name, {
    kind: 'refused',
    code: 'not-owned',
    message: `${name} ${type} is there, and no TXT record says that it belongs to "${id}": it stays as it is`,
    action: `If it may be taken, set DNS_OWNER_ADOPT to true until it is; else take ${name} off the records.`,
  });
}
