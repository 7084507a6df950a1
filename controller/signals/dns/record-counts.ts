import type { RecordStatus } from '../../../dns/follower/record-status.ts';
import type { Metrics } from '../../metrics.ts';

/** Counts the records of one record set by their progress, in each zone that has had some: where none is left, none is behind. */
export function recordCounts(
  labels: { readonly follower: string; readonly provider: string },
  { dnsRecords }: Pick<Metrics, 'dnsRecords'>,
): (records: readonly RecordStatus[]) => void {
  const zones = new Set<string>();
  return (records) => {
    for (const record of records) zones.add(record.zone);
    for (const zone of zones) {
      const own = records.filter((record) => record.zone === zone);
      const count = (progress: string, reached: (record: RecordStatus) => boolean) =>
        dnsRecords.set({ ...labels, zone, progress }, own.filter(reached).length);
      count('wanted', () => true);
      count('accepted', ({ wanted, accepted }) => accepted?.values.join() === wanted.join());
      count('seen', ({ wanted, seen }) => seen?.values.join() === wanted.join());
    }
  };
}
