/** An honest client beside the attack: reviews of pods from the API server's address. */
import { inWorker } from './in-worker.ts';

export interface AdmissionsOptions {
  readonly port: number;
  /** Of the webhook. */
  readonly pid: number;
  /** Of the webhook's certificate. */
  readonly ca: string;
}

export interface AdmissionsReport {
  /**
   * Milliseconds from when a review was asked for until its answer was read, without those in which the webhook or the client
   * waited for a processor, whichever waited longer.
   */
  readonly answeredMs: readonly number[];
  /** Reviews without an answer, or with one that does not inject. */
  readonly refused: readonly string[];
}

/** Until `abort` fires. */
export function askForAdmissions(options: AdmissionsOptions, abort: AbortSignal): Promise<AdmissionsReport> {
  return inWorker('./admission-client.ts', options, abort);
}
