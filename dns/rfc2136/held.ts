import type { RecordSet, WrittenType } from '../records.ts';
import type { DnsServer } from './api.ts';
import type { Question } from './message.ts';
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
