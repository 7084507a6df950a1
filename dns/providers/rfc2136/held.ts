import { sameRecordSet } from '../../plan.ts';
import type { DnsError } from '../../provider.ts';
import type { RecordSet, WrittenType } from '../../records.ts';
import type { DnsServer } from './api.ts';
import { madeUp, otherForm } from './errors.ts';
import { type Question, TYPES } from './message.ts';
import { question, recordSet } from './records.ts';
import { checkOf, checksOf, typeCheckOf } from './update.ts';

/** Those of `sets` that the zone has itself, at this very moment: prerequisites see neither wildcards nor caches. */
export async function heldSets<T extends RecordSet<WrittenType>>(
  server: DnsServer,
  zone: string,
  sets: readonly T[],
  abort: AbortSignal,
): Promise<readonly T[]> {
  const hold = await server.holds(zone, checksOf(sets), abort);
  if (hold.every(Boolean)) return sets;
  const each = await server.holds(zone, sets.map(checkOf), abort);
  return sets.filter((_, index) => each[index] === true);
}

/** ALIAS and LUA of PowerDNS, of private use (its `qtype.hh`). */
const MAKERS = [65_401, 65_402];

/**
 * Names that are answered with `sets`, which they do not hold, though they hold something: then no wildcard explains it (RFC 4592
 * section 2.2.1), but a record from which the server makes up addresses, such as the LUA and ALIAS of PowerDNS. It may stand
 * beside addresses of the name, which then are answered together with what is made up. And those that the server compares otherwise than
 * it answers: no update could name them.
 */
export async function madeUpNames(
  server: DnsServer,
  zone: string,
  sets: readonly RecordSet<WrittenType>[],
  abort: AbortSignal,
): Promise<ReadonlyMap<string, DnsError>> {
  const shown = sets.filter(({ type }) => type !== 'TXT');
  const isInUse = await server.holds(
    zone,
    shown.map(({ name }) => typeCheckOf(question(name, TYPES.ANY))),
    abort,
  );
  // One that has changed meanwhile is held with other values.
  const isHeld = await server.holds(
    zone,
    shown.map(({ name, type }) => typeCheckOf(question(name, TYPES[type]))),
    abort,
  );
  const alone = shown.filter((_, index) => isInUse[index] === true && isHeld[index] === false);
  const others = shown.filter((_, index) => isHeld[index] === true);
  const makers = await heldTypes(
    server,
    zone,
    others.flatMap(({ name }) => MAKERS.map((type) => question(name, type))),
    abort,
  );
  const isBeside = (set: RecordSet<WrittenType>) => makers.some(({ name }) => name === set.name);
  const found = [...alone, ...others.filter(isBeside)];
  const odd = await oddlyWritten(
    server,
    zone,
    others.filter((set) => !isBeside(set)),
    abort,
  );
  return new Map([
    ...odd.map((set) => [set.name, otherForm(set)] as const),
    ...found.map((set) => [set.name, madeUp(set)] as const),
  ]);
}

/** Those that are answered twice with the same values, and never held with them: nobody is changing them meanwhile. */
async function oddlyWritten(
  server: DnsServer,
  zone: string,
  sets: readonly RecordSet<WrittenType>[],
  abort: AbortSignal,
): Promise<readonly RecordSet<WrittenType>[]> {
  const answered = await server.query(
    sets.map(({ name, type }) => question(name, TYPES[type])),
    abort,
  );
  const same = sets.filter((set, index) => {
    const answer = answered[index]?.answer;
    return (
      answer !== undefined && recordSet(set.name, set.type, answer).some((now) => sameRecordSet(now, set))
    );
  });
  const held = new Set(await heldSets(server, zone, same, abort));
  return same.filter((set) => !held.has(set));
}

/** As {@link heldSets}, whatever the values are. */
export async function heldTypes(
  server: DnsServer,
  zone: string,
  types: readonly Question[],
  abort: AbortSignal,
): Promise<readonly Question[]> {
  const hold = await server.holds(zone, types.map(typeCheckOf), abort);
  return types.filter((_, index) => hold[index] === true);
}
