import { readFileSync } from 'node:fs';
import { run } from './run.ts';

const STDIN = 0;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads has read enough, as `head` does.
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = run(process.argv.slice(2), {
  env: process.env,
  read: (path) => readFileSync(path === '-' ? STDIN : path, 'utf8'),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
