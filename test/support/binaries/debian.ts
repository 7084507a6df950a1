import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { exclusively } from '../file-lock.ts';
import { run } from './command.ts';
import { isExecutable } from './go.ts';
import { type Say, sayOnStderr, withProgress } from './progress.ts';
import { cacheDirectory } from './recipe.ts';

const LIMIT_MS = 10 * 60_000;
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin'];
/** Part of the name of the cache's folder: another number makes it again. */
const LAYOUT = 1;

/** A program, and the environment that it needs to find its libraries. */
export interface DebianProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * `program` as the system has it, else from the Debian package `name`. The package is only unpacked into the cache,
 * with what it depends on: nothing is installed, no service is started, and nobody has to be root.
 */
export async function findDebianProgram(
  name: string,
  program: string,
  env = process.env,
  say = sayOnStderr,
): Promise<DebianProgram> {
  for (const folder of SYSTEM_FOLDERS) {
    const path = join(folder, program);
    if (await isExecutable(path)) return { path, env: {} };
  }
  const root = await unpacked(name, cacheDirectory(env), say);
  const libraries = await libraryFolders(root);
  for (const folder of ['usr/sbin', 'usr/bin']) {
    const path = join(root, folder, program);
    if (await isExecutable(path)) return { path, env: { LD_LIBRARY_PATH: libraries.join(':') } };
  }
  throw new Error(`the Debian package ${name} has no ${program}`);
}

async function unpacked(name: string, cache: string, say: Say): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!(await isExecutable('/usr/bin/apt-get'))) {
    throw new Error(
      `${name} is needed and is not installed, and there is no apt-get to get it with: install it with the system's own package manager`,
    );
  }
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? 'unknown';
  const root = join(cache, `debian-${codename}-${arch()}-${LAYOUT}`, name);
  if (existsSync(root)) return root;
  const abort = AbortSignal.timeout(LIMIT_MS);
  const work = async () => {
    if (existsSync(root)) return;
    const make = () => unpack(name, root, abort);
    await withProgress(say, `Unpacking ${name} from Debian's packages`, 'some seconds', make);
  };
  await exclusively(join(cache, 'debian-lock'), work, () => say(`Waiting for ${name}`), abort);
  return root;
}

/** Into a folder of its own, which gets its name when it is whole. */
async function unpack(name: string, root: string, abort: AbortSignal): Promise<void> {
  const parent = join(root, '..');
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, '.unpack-'));
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial', 'root']) {
      await mkdir(join(work, folder), { recursive: true });
    }
    // Lists and archives of our own: those of the system can be changed by root alone, and may be old or absent.
    const options = {
      'Dir::State::lists': join(work, 'lists'),
      'Dir::Cache': join(work, 'cache'),
      'Debug::NoLocking': '1',
      'APT::Sandbox::User': '',
    };
    const flags = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    const env = { ...process.env, LC_ALL: 'C' };
    await run('apt-get', ['update', '-qq', ...flags], { abort, env });
    const wanted = ['install', '-y', '-qq', '--download-only', '--no-install-recommends', name];
    await run('apt-get', [...wanted, ...flags], { abort, env });
    const archives = join(work, 'cache/archives');
    for (const file of (await readdir(archives)).filter((entry) => entry.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', join(archives, file), join(work, 'root')], { abort, env });
    }
    await rename(join(work, 'root'), root);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** `/usr/lib`, and what in it is named for a machine, such as `x86_64-linux-gnu`. */
async function libraryFolders(root: string): Promise<readonly string[]> {
  const folder = join(root, 'usr/lib');
  const entries = await readdir(folder).catch(() => []);
  return [
    folder,
    ...entries.filter((entry) => entry.includes('-linux-')).map((entry) => join(folder, entry)),
  ];
}
