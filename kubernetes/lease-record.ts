import type { Clock } from '../runtime/clock.ts';
import type { ObjectKey } from './api.ts';
import { MAX_TERM } from './leadership.ts';
import type { Lease } from './resources.ts';

/** A Lease as this process last read it, and when it saw the last renewal. */
export interface LeaseObservation {
  readonly lease: Lease;
  /** Monotonic milliseconds of this process at which it first saw this record. */
  readonly since: number;
}

/**
 * Age counts from the moment at which this process saw the record change, never from the times written in it:
 * the clocks of two nodes need not agree (as in client-go's leaderelection).
 */
export function observe(
  before: LeaseObservation | undefined,
  lease: Lease,
  elapsed: number,
): LeaseObservation {
  const same = before !== undefined && JSON.stringify(before.lease.spec) === JSON.stringify(lease.spec);
  return { lease, since: same ? before.since : elapsed };
}

export const holderOf = (lease: Lease): string => lease.spec?.holderIdentity ?? '';
export function termOf(lease: Lease): number {
  const term = lease.spec?.leaseTransitions ?? 0;
  return term > MAX_TERM ? 0 : term;
}

/** Whoever may make a Lease of our name must not keep everybody from leading for the 68 years that it can say. */
const LONGEST_MS = 60_000;

/** Milliseconds until somebody else than the holder may take the Lease; 0 when it may be taken now. */
export function remainingMs({ lease, since }: LeaseObservation, elapsed: number, defaultMs: number): number {
  if (holderOf(lease) === '') return 0;
  const seconds = lease.spec?.leaseDurationSeconds;
  const durationMs = seconds === undefined ? defaultMs : Math.min(seconds * 1_000, LONGEST_MS);
  return Math.max(0, since + durationMs - elapsed);
}

export interface Holding {
  readonly identity: string;
  readonly durationMs: number;
  readonly renewTime: string;
  readonly term: number;
}

export function created(key: Required<ObjectKey>, holding: Holding): Lease {
  return { metadata: { name: key.name, namespace: key.namespace }, spec: specOf(holding, holding.renewTime) };
}

/** The Lease with a new holder. The write is a compare-and-set on what was read. */
export function acquired(lease: Lease, holding: Holding): Lease {
  return { ...lease, spec: specOf(holding, holding.renewTime) };
}

/** The holder's sign of life. */
export function renewed(lease: Lease, holding: Holding): Lease {
  return { ...lease, spec: specOf(holding, lease.spec?.acquireTime ?? holding.renewTime) };
}

/** Anybody may take it at once. The term stays, so that the next one is higher. */
export function released(lease: Lease, renewTime: string): Lease {
  const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime, acquireTime: renewTime };
  return { ...lease, spec: { ...spec, leaseTransitions: termOf(lease) } };
}

function specOf(
  { identity, durationMs, renewTime, term }: Holding,
  acquireTime: string,
): NonNullable<Lease['spec']> {
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1_000),
    acquireTime,
    renewTime,
    leaseTransitions: term,
  };
}

/**
 * RFC 3339 with microseconds, each later than the one before, whatever the wall clock does: so every renewal
 * changes the record, and others see that its holder lives.
 */
export function renewTimes(clock: Clock): () => string {
  let last = 0;
  return () => {
    last = Math.max(Math.floor(clock.now() * 1_000), last + 1);
    const millis = new Date(Math.floor(last / 1_000)).toISOString().slice(0, -1);
    return `${millis}${String(last % 1_000).padStart(3, '0')}Z`;
  };
}

/** Exactly that write: a process gives each one a time of its own. */
export function isWrittenBy(
  { spec }: Lease,
  { identity, renewTime }: Pick<Holding, 'identity' | 'renewTime'>,
) {
  return spec?.holderIdentity === identity && spec.renewTime === renewTime;
}
