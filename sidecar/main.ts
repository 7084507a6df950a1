import { VERSION } from '../contract/version.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import { type Config, readConfig } from './config.ts';
import { createLog } from './log.ts';
import { runSidecar } from './sidecar.ts';

/** Exit codes: 0 stopped as asked, 1 failed, 2 wrong configuration. */
const FAILED = 1;
const WRONG_CONFIGURATION = 2;

const log = createLog(clock, (line) => void process.stdout.write(line));
const stop = new AbortController();

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    log('info', 'stopping', { signal });
    stop.abort();
  });
}

void main();

async function main(): Promise<void> {
  let config: Config | undefined;
  try {
    config = readConfig(process.env);
    log('info', 'starting', { version: VERSION, node: process.version, ...config });
    await runSidecar(config, { clock, random: Math.random, log }, stop.signal);
    log('info', 'stopped');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const advice = code === 'EADDRINUSE' ? ': annotate the pod with another port for the sidecar' : '';
    process.stderr.write(`${message}${advice}\n`);
    process.exit(config === undefined ? WRONG_CONFIGURATION : FAILED);
  }
}
