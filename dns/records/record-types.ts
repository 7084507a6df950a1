import type { OtherRecords, RecordType, WrittenType } from '../records.ts';

/** Those that follow the active site. */
export const RECORD_TYPES: readonly RecordType[] = ['A', 'AAAA', 'CNAME'];

export function isFollowing(type: string): type is RecordType {
  return RECORD_TYPES.some((each) => each === type);
}

export function isWritten(type: string): type is WrittenType {
  return type === 'TXT' || isFollowing(type);
}

export function othersAmong(records: readonly OtherRecords[]): readonly OtherRecords[] {
  return records.filter(({ type }) => !isFollowing(type)).map(({ name, type }) => ({ name, type }));
}
