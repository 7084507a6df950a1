/**
 * Runs test files as `node --test` does, but in the order in which they are given: that one takes them by their names,
 * and the longest of those that begin last is then waited for alone. No report of a file is cut short.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: 'string', default: '1' },
    'timeout-ms': { type: 'string', default: '120000' },
    'global-setup': { type: 'string' },
  },
});

const tests = run({
  files,
  concurrency: Number(values.concurrency),
  timeout: Number(values['timeout-ms']),
  ...(values['global-setup'] !== undefined && { globalSetupPath: values['global-setup'] }),
  execArgv: ['--test-force-exit', '--import', new URL('whole-report.ts', import.meta.url).href],
});
tests.on('test:summary', ({ success }) => {
  if (!success) process.exitCode = 1;
});
tests.compose(new spec()).pipe(process.stdout);
