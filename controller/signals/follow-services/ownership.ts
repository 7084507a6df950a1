import { PROGRAM } from '../../../contract/names.ts';
import type { ManagedFields } from '../../../kubernetes/api.ts';

type Fields = NonNullable<ManagedFields['fieldsV1']>;

const SPEC = 'f:spec';
const SELECTOR = 'f:selector';
const PORTS = 'f:ports';

/**
 * Who has the selector, after it was given back to whom it was taken from: the last one that has applied the Service.
 * Undefined: we do not have it, or nobody applies this Service.
 *
 * A write makes its writer the owner of a selector as a whole, and server-side apply without force is refused when
 * somebody else owns what it would change: so `helm upgrade` would fail after each move. Source: Kubernetes documentation,
 * "Server-Side Apply", on conflicts and on clearing managedFields. What the selector is does not change by this.
 */
export function releasedOwnership(entries: readonly ManagedFields[]): readonly ManagedFields[] | undefined {
  const ours = entries.find((entry) => entry.manager === PROGRAM && isMain(entry) && ownsSelector(entry));
  const appliers = entries.filter(
    (entry) => entry.operation === 'Apply' && isMain(entry) && SPEC in (entry.fieldsV1 ?? {}),
  );
  // A manifest of the Service has its ports. Who applies but another field would take the selector away the next time.
  const whole = appliers.filter((entry) => PORTS in specOf(entry));
  const [receiver] = (whole.length > 0 ? whole : appliers).toSorted((one, other) =>
    (other.time ?? '').localeCompare(one.time ?? ''),
  );
  if (ours === undefined || receiver === undefined) return undefined;
  return entries.map((entry) => {
    if (entry === ours) return { ...entry, fieldsV1: withoutSelector(entry.fieldsV1 ?? {}) };
    if (entry !== receiver) return entry;
    const spec = { ...specOf(entry), [SELECTOR]: {} };
    return { ...entry, fieldsV1: { ...entry.fieldsV1, [SPEC]: spec } };
  });
}

function isMain({ subresource }: ManagedFields): boolean {
  return subresource === undefined || subresource === '';
}

function specOf({ fieldsV1 = {} }: ManagedFields): Fields[string] {
  return fieldsV1[SPEC] ?? {};
}

function ownsSelector(entry: ManagedFields): boolean {
  return SELECTOR in specOf(entry);
}

function withoutSelector(fields: Fields): Fields {
  const { [SPEC]: spec = {}, ...others } = fields;
  const { [SELECTOR]: _, ...rest } = spec;
  return Object.keys(rest).length === 0 ? others : { ...others, [SPEC]: rest };
}
