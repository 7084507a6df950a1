/** A stranger with a socket, in a thread of its own so that it is not slowed by who watches the victim. */
import { Worker } from 'node:worker_threads';

/** Neither the kubelet's address nor the API server's. */
export const STRANGER = '127.0.0.66';

export interface Attack {
  readonly port: number;
  readonly tls?: boolean;
  /** Default: STRANGER. */
  readonly from?: string;
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

/** Until `signal` aborts. */
export async function attack(options: Attack, signal: AbortSignal): Promise<AttackReport> {
  const worker = new Worker(new URL('./attacker.ts', import.meta.url), { workerData: options });
  const report = new Promise<AttackReport>((resolve, reject) => {
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
