/** What every answer of the Cloudflare API is in. */

import * as z from 'zod';
import { readJson } from '../../../runtime/json.ts';
import type { HttpAnswer } from '../../calls/http-call.ts';
import { PROBLEMS } from './errors.ts';
import { PAGE_INFO } from './pages.ts';

const ENVELOPE = z.object({
  success: z.boolean(),
  errors: PROBLEMS.nullish(),
  result: z.unknown(),
  result_info: PAGE_INFO.nullish(),
});
export type Envelope = z.infer<typeof ENVELOPE>;

export function readEnvelope({ text }: HttpAnswer): Envelope | undefined {
  return ENVELOPE.safeParse(readJson(text)).data;
}
