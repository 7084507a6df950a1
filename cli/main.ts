import { readFileSync } from 'node:fs';
import { run } from './run.ts';

const STDIN = 0;

// Whoever reads has read enough, as `head` does.
process.stdout.on('error', () => process.exit());

process.exitCode = run(process.argv.slice(2), {
  env: process.env,
  read: (path) => readFileSync(path === '-' ? STDIN : path, 'utf8'),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
