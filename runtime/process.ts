import { explain } from './explain.ts';
import type { Logger } from './log.ts';

/** Exit codes beside 0, stopped as asked. */
export const FAILED = 1;
export const WRONG_CONFIGURATION = 2;

/**
 * Runs a program to its end: `run` gets a signal that aborts at the first SIGTERM or SIGINT; the second one ends the
 * process at once, as does whatever nobody has caught.
 */
export async function runProcess(log: Logger, run: (abort: AbortSignal) => Promise<void>): Promise<void> {
  const abort = stopSignal(log);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error) => fail(log, error));
  }
  try {
    await run(abort);
    log.info('stopped');
  } catch (error) {
    fail(log, error);
  }
}

function stopSignal(log: Logger): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(FAILED);
      log.info({ signal: name }, 'stopping');
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return stop.signal;
}

function fail(log: Logger, error: unknown): never {
  log.fatal({ err: error }, 'failed, exiting');
  process.stderr.write(`kube-site-follower: ${explain(error)}\n`);
  process.exit(FAILED);
}
