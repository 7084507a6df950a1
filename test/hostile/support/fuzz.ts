/** Conversations with listeners, one after the other on each of many lanes. */
import { inWorker } from './in-worker.ts';

export interface Target {
  readonly port: number;
  readonly tls: boolean;
}

export interface FuzzOptions {
  readonly targets: readonly Target[];
  readonly seed: string;
  readonly lanes: number;
}

export interface FuzzReport {
  readonly conversations: number;
}

/** HOSTILE_SEED plays a failed run again. */
export function seedOfRun(): string {
  return process.env.HOSTILE_SEED ?? String(Date.now() % 1_000_000);
}

/** So many seeds are tried one after the other, and no attack but what they draw. */
const SEEDS = Number(process.env.HOSTILE_SEEDS ?? 0);
export const IS_FUZZING = SEEDS > 0;

/** Of one run: one, or as many as HOSTILE_SEEDS says from it on. */
export function seedsOfRun(): readonly string[] {
  const first = Number(seedOfRun());
  return Array.from({ length: Math.max(1, SEEDS) }, (_, index) => String(first + index));
}

/** Until `abort` fires. */
export function fuzz(options: FuzzOptions, abort: AbortSignal): Promise<FuzzReport> {
  return inWorker('./fuzzer.ts', options, abort);
}
