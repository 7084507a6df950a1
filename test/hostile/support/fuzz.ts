/** Conversations with listeners, one after the other on each of many lanes, in a thread of their own. */
import { Worker } from 'node:worker_threads';

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

/** Until `signal` aborts. */
export async function fuzz(options: FuzzOptions, signal: AbortSignal): Promise<FuzzReport> {
  const worker = new Worker(new URL('./fuzzer.ts', import.meta.url), { workerData: options });
  const report = new Promise<FuzzReport>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const stop = () => worker.postMessage('stop');
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await report;
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
