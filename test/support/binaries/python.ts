import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canInstall, installPackages } from '../debian.ts';
import { exclusively } from '../file-lock.ts';
import { run } from './command.ts';
import { sayOnStderr, withProgress } from './progress.ts';
import { cacheDirectory } from './recipe.ts';

const LIMIT_MS = 10 * 60_000;

/**
 * The folder with the programs of the Python packages that `requirements` (a file) pins: a virtual environment in the
 * cache, made the first time. Python 3 comes from Debian where it is missing.
 */
export async function findPythonPrograms(
  name: string,
  requirements: string,
  env = process.env,
  say = sayOnStderr,
): Promise<string> {
  const pins = await readFile(requirements);
  const cache = cacheDirectory(env);
  const version = createHash('sha256').update(pins).digest('hex').slice(0, 12);
  const root = join(cache, `${name}-${version}`);
  const ready = join(root, 'ready');
  if (existsSync(ready)) return join(root, 'bin');
  await ensurePython();
  const abort = AbortSignal.timeout(LIMIT_MS);
  const make = async () => {
    // The programs name their interpreter by its path, so the environment is made where it stays.
    await rm(root, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', root], { abort });
    const flags = ['--quiet', '--no-input', '--disable-pip-version-check', '--only-binary', ':all:'];
    await run(join(root, 'bin/pip'), ['install', ...flags, '--requirement', requirements], { abort });
    await writeFile(ready, '');
  };
  const work = async () => {
    if (existsSync(ready)) return;
    await withProgress(say, `Installing ${name} from PyPI into the cache`, 'about half a minute', make);
  };
  await exclusively(join(cache, 'python-lock'), work, () => say(`Waiting for ${name}`), abort);
  return join(root, 'bin');
}

async function ensurePython(): Promise<void> {
  if (await hasPython()) return;
  if (!(await canInstall()))
    throw new Error('Python 3 with its modules venv and ensurepip is needed: install it');
  await installPackages('Python 3', ['python3', 'python3-venv'], hasPython);
}

async function hasPython(): Promise<boolean> {
  try {
    await run('python3', ['-c', 'import ensurepip, venv'], { abort: AbortSignal.timeout(20_000) });
    return true;
  } catch {
    return false; // Missing, or without what Debian puts into python3-venv.
  }
}
