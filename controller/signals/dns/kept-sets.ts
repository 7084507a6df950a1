import * as z from 'zod';
import { type KeptSets, StoredSets } from '../../../dns/follower/kept-sets.ts';
import type { DnsName } from '../../../dns/zones.ts';
import type { SignalPorts } from '../ports.ts';

/** Of the report: what stood at names that are being written, by record set. */
const SECTION = 'dns-before-write';
const BY_RECORD_SET = z.record(z.string(), z.unknown());

/** For each record set of a follower its own, in one section of the report. */
export function keptSetsIn(report: SignalPorts['report']) {
  const { data: stored = {} } = BY_RECORD_SET.safeParse(report.get(SECTION));
  const memories = new Map<string, unknown>();
  return (recordSet: string, records: readonly DnsName[]): KeptSets => {
    const memory = stored[recordSet];
    if (memory !== undefined) memories.set(recordSet, memory);
    return new StoredSets({
      memory,
      names: records.map(({ name }) => name),
      onChange: (now) => {
        memories.set(recordSet, now);
        report.set(SECTION, Object.fromEntries(memories));
      },
      save: (leadership) => report.save(leadership),
    });
  };
}
