import * as z from 'zod';
import { decodeEpoch, type Status } from './status.ts';

/** One change of the active site, as the report keeps it. Times are RFC 3339. */
export interface Transition {
  readonly epoch: number;
  /** Empty at the very first one. */
  readonly from: string;
  readonly to: string;
  readonly node: string;
  readonly primary: string;
  /** When the service says that it moved; empty when it does not say. */
  readonly movedAt: string;
  readonly writtenAt: string;
}

export const HISTORY_LIMIT = 50;

/** Moves never get here. What readers accept goes further, so that whatever is taken over can be counted on. */
const HIGHEST_TAKEN_OVER = 900_000_000_000;

/** An epoch that can only have been written by hand, so high that there would be no epochs left above it. */
export function isImplausible(epoch: number): boolean {
  return epoch > HIGHEST_TAKEN_OVER;
}

/**
 * What the history still lacks of `status`; undefined when it has it. A leader may have died between the status and
 * the history: then its successor makes up for it.
 */
export function transitionTo(
  { epoch, activeSite, activeNode, primary, since }: Status,
  last: Transition | undefined,
  movedAt: string | undefined,
): Transition | undefined {
  if (activeSite === '' || epoch === last?.epoch) return undefined;
  const from = last?.to ?? '';
  return { epoch, from, to: activeSite, node: activeNode, primary, movedAt: movedAt ?? '', writtenAt: since };
}

const TRANSITION = z.object({
  epoch: z.number().refine((epoch) => decodeEpoch(String(epoch)) === epoch && !isImplausible(epoch)),
  from: z.string(),
  to: z.string(),
  node: z.string(),
  primary: z.string(),
  movedAt: z.string(),
  writtenAt: z.string(),
});

/** Entries that are not transitions (edited by hand) are left out. */
export function decodeHistory(value: unknown): Transition[] {
  return Array.isArray(value) ? value.filter(isTransition) : [];
}

function isTransition(value: unknown): value is Transition {
  return TRANSITION.safeParse(value).success;
}
