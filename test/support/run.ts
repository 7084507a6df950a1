/**
 * Runs test files as `node --test` does, but in the order in which they are given: that one takes them by their names,
 * and the longest of those that begin last is then waited for alone. No report of a file is cut short. Files joined by
 * commas share a process, one after the other. Those behind `--together` do too, some at a time: starting a process for
 * each takes longer than most of their tests.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { costsOf } from './costs.ts';
import { lightClient } from './light-client.ts';
import { endOverdue } from './overdue.ts';

const FILES_OF_A_PROCESS = 20;
/** Files end right after much work, and node may never end where V8 still compiles beside it (nodejs/node#54918). */
const COMPILE_AT_ONCE = '--no-concurrent-recompilation';
setFlagsFromString(COMPILE_AT_ONCE);
const LOAD = `import { describe } from 'node:test';
const loading = [];
async function load(url) {
  const one = Promise.allSettled(loading).then(() => import(url));
  loading.push(one);
  await one;
  await Promise.allSettled(loading);
}`;

const [before, together] = splitAt(process.argv.slice(2), '--together');
const { values, positionals: alone } = parseArgs({
  args: before,
  allowPositionals: true,
  options: {
    concurrency: { type: 'string', default: '1' },
    'timeout-ms': { type: 'string', default: '120000' },
    'global-setup': { type: 'string' },
  },
});
const groups = [...alone.map((file) => file.split(',')), ...groupsOf(together)];
const folder = await mkdtemp(join(tmpdir(), 'tests-'));
const processes = join(folder, 'processes');
await mkdir(processes);
const imports = [
  here(`whole-report.ts?processes=${encodeURIComponent(processes)}`),
  here(`light-client-hook.ts?client=${encodeURIComponent(await lightClient())}`),
];

const limitMs = Number(values['timeout-ms']);
const files = await Promise.all(groups.map(fileOf));
const groupOf = new Map(files.map((file, index) => [resolve(file), groups[index] ?? []]));
const tests = run({
  files,
  concurrency: Number(values.concurrency),
  timeout: limitMs,
  ...(values['global-setup'] !== undefined && { globalSetupPath: values['global-setup'] }),
  execArgv: [COMPILE_AT_ONCE, '--test-force-exit', ...imports.flatMap((module) => ['--import', module])],
});
endOverdue(tests, processes, 2 * limitMs);
tests.on('test:summary', ({ success }) => {
  if (!success) process.exitCode = 1;
});
const costs = costsOf(tests, processes, (path) => {
  const [first = path, ...others] = groupOf.get(path) ?? [];
  return others.length === 0 ? first : `${first} and ${others.length} more`;
});
const report = tests.compose(new spec());
report.once('end', () => {
  process.stdout.write(costs());
  void rm(folder, { recursive: true });
});
report.pipe(process.stdout);

function here(module: string): string {
  return new URL(module, import.meta.url).href;
}

function splitAt(args: readonly string[], separator: string): readonly [string[], string[]] {
  const at = args.indexOf(separator);
  return at < 0 ? [[...args], []] : [args.slice(0, at), args.slice(at + 1)];
}

function groupsOf(files: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(files.length / FILES_OF_A_PROCESS);
  const size = Math.ceil(files.length / count);
  return Array.from({ length: count }, (_, index) => files.slice(index * size, (index + 1) * size));
}

/**
 * For several a test file with a suite for each: hooks at the top of one are for its own tests, as ever. They are loaded one
 * after the other, as what is defined behind an `await` runs in the order in which it comes. None begins before all are
 * loaded: of those that still waited for their control plane or chart while the tests of another ran, node has cancelled
 * the tests.
 */
async function fileOf(files: readonly string[], index: number): Promise<string> {
  const [first = '', ...others] = files;
  if (others.length === 0) return first;
  const suites = files.map((file) => {
    const url = JSON.stringify(pathToFileURL(resolve(file)).href);
    return `describe(${JSON.stringify(file)}, () => load(${url}));`;
  });
  const path = join(folder, `group-${index + 1}.test.mjs`);
  await writeFile(path, [LOAD, ...suites].join('\n'));
  return path;
}
