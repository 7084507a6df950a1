import * as z from 'zod';
import type { RecordStatus } from './record-status.ts';

const texts = z.array(z.string());
const sighting = z.object({ values: texts, at: z.string() });

const STATUS = z.object({
  provider: z.string().optional(),
  zone: z.string(),
  name: z.string(),
  type: z.string(),
  wanted: texts,
  accepted: sighting.optional(),
  seen: sighting.extend({ servers: texts, silent: texts }).optional(),
  unfollowed: texts.optional(),
  error: z
    .object({
      text: z.string(),
      code: z.string(),
      kind: z.string(),
      action: z.string(),
      since: z.string(),
    })
    .optional(),
});

/** The section `dns` of the report, without invalid entries (edited by hand). */
export function decodeStatuses(section: unknown): RecordStatus[] {
  return Array.isArray(section) ? section.filter(isStatus) : [];
}

function isStatus(value: unknown): value is RecordStatus {
  return STATUS.safeParse(value).success;
}
