/** Whoever attacks or asks does so in a thread of its own, so that it is not slowed by who watches the victim. */
import { Worker } from 'node:worker_threads';

/** Until `abort` fires: `file` is told to stop by a message, and answers with its report. */
export async function inWorker<R>(file: string, workerData: object, abort: AbortSignal): Promise<R> {
  const worker = new Worker(new URL(file, import.meta.url), { workerData });
  const report = new Promise<R>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const stop = () => worker.postMessage('stop');
  abort.addEventListener('abort', stop, { once: true });
  try {
    return await report;
  } finally {
    abort.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
