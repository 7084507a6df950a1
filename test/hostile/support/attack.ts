/** A stranger with a socket. */
import { inWorker } from './in-worker.ts';

/** Neither the kubelet's address nor the API server's. */
export const STRANGER = '127.0.0.66';

/** In a text that is written: there each writing has its own number, of as many digits. */
export const NUMBER = '#number#';

export interface Attack {
  readonly port: number;
  readonly tls?: boolean;
  /** Default: STRANGER. */
  readonly from?: string;
  /** Each connection has another address, as those of many pods. */
  readonly spread?: boolean;
  /** Held at a time; who is closed comes back. */
  readonly connections: number;
  /** Written on each connection. */
  readonly first?: string;
  /** Written every so often after that. */
  readonly repeat?: { readonly text: string; readonly everyMs: number };
  /** Default: what comes is read. */
  readonly deaf?: boolean;
  /** After so long it closes its connection itself and comes back. */
  readonly lifeMs?: number;
}

export interface AttackReport {
  readonly dialled: number;
  readonly bytes: number;
}

/** Until `abort` fires. */
export function attack(options: Attack, abort: AbortSignal): Promise<AttackReport> {
  return inWorker('./attacker.ts', options, abort);
}
