/**
 * `make release REGISTRY=registry.example.com/team VERSION=0.1.0`: image, chart and plugin, the same from the same
 * commit whenever it is run. Everything that it makes is in dist/release; PUSH=0 leaves it there.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Package } from './licences.ts';
import { notesOf, sectionsOf } from './release/changelog.ts';
import { addChart, packChart } from './release/chart.ts';
import { commitOf } from './release/commit.ts';
import { lastStage } from './release/dockerfile.ts';
import { addImage } from './release/image.ts';
import { createLayout, type Descriptor, type Platform, sha256 } from './release/layout.ts';
import { type ReleaseOptions, readReleaseOptions } from './release/options.ts';
import { krewManifest, pluginArchives } from './release/plugin.ts';
import { provenance, sbom } from './release/statements.ts';
import { runTool } from './release/tools.ts';

const OUT = 'dist/release';
const CHART = 'charts/kube-site-follower';
const NAME = 'kube-site-follower';
const PLATFORMS: readonly Platform[] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
];

const say = (line: string) => process.stdout.write(`${line}\n`);
try {
  await release(readReleaseOptions(process.env, await versions()));
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function release(options: ReleaseOptions): Promise<void> {
  const { version, registry, push, downloads } = options;
  const { revision, time } = await commitOf('.', push);
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  await runTool(process.execPath, ['scripts/build.ts']);

  const stage = lastStage(await readFile('Dockerfile', 'utf8'), { VERSION: version, REVISION: revision });
  const base = options.base ?? stage.base;
  const packages = JSON.parse(await readFile('dist/packages.json', 'utf8')) as readonly Package[];
  const origin = { version, revision, time, base, builder: options.builder };
  const statements = [sbom(packages, origin), provenance(origin)];
  const image = await createLayout(join(OUT, 'image'));
  const repository = `${registry}/${NAME}`;
  const bases = await pulled(base);
  const index = await addImage(image, { stage, bases, name: `${repository}@${version}`, time, statements });
  await image.finish(index);
  say(`image ${repository}:${version}@${index.digest}`);

  const notes = notesOf(await readFile('CHANGELOG.md', 'utf8'), version);
  const changes = sectionsOf(notes);
  const packed = await packChart({
    folder: options.chart ?? CHART,
    repository,
    digest: index.digest,
    changes,
    time,
  });
  const chart = await createLayout(join(OUT, 'chart'));
  const artifact = await addChart(chart, packed);
  await chart.finish(artifact);
  say(`chart oci://${registry}/charts/${NAME}:${version}@${artifact.digest}`);

  const archives = await pluginArchives(version, time, join(cache(), 'release'));
  const files = new Map<string, string | Buffer>([
    [`${NAME}-${version}.tgz`, packed.archive],
    ['sbom.spdx.json', JSON.stringify(statements[0]?.predicate)],
    ['provenance.json', JSON.stringify(statements[1]?.predicate)],
    [
      'images.txt',
      `${repository}:${version}@${index.digest}\n${registry}/charts/${NAME}:${version}@${artifact.digest}\n`,
    ],
    ...archives.map(({ name, content }) => [name, content] as const),
  ]);
  if (downloads !== undefined) files.set('site-follower.yaml', krewManifest(version, archives, downloads));
  const sums = [...files]
    .map(([name, content]) => `${sha256(content).replace('sha256:', '')}  ${name}\n`)
    .sort();
  files.set('checksums.txt', sums.join(''));
  files.set('notes.md', `${notes}\n`);
  for (const [name, content] of files) await writeFile(join(OUT, name), content);
  say(`${files.size} files are in ${OUT}`);
  if (!push) return;
  await publish('image', `${repository}:${version}`, index);
  await publish('chart', `${registry}/charts/${NAME}:${version.replace('+', '_')}`, artifact);
  if (options.key === undefined) return;
  await signed(['sign', '--yes', `${repository}@${index.digest}`], options);
  await signed(['sign', '--yes', `${registry}/charts/${NAME}@${artifact.digest}`], options);
  await signed(
    ['sign-blob', '--yes', '--bundle', join(OUT, 'checksums.txt.sigstore.json'), join(OUT, 'checksums.txt')],
    options,
  );
}

/** The base for each platform alone. */
async function pulled(base: string): Promise<ReadonlyMap<Platform, string>> {
  const found = new Map<Platform, string>();
  for (const platform of PLATFORMS) {
    const { os, architecture } = platform;
    const folder = join(OUT, `base-${architecture}`);
    await runTool('crane', ['pull', base, folder, '--format', 'oci', '--platform', `${os}/${architecture}`]);
    found.set(platform, folder);
  }
  return found;
}

/** A registry that has another digest then has another content. */
async function publish(what: string, reference: string, { digest }: Descriptor): Promise<void> {
  await runTool('crane', ['push', join(OUT, what), reference]);
  const found = await runTool('crane', ['digest', reference]);
  if (found !== digest)
    throw new Error(`${reference} has the digest ${found} in the registry, and ${digest} here`);
  say(`pushed ${reference}`);
}

async function signed(
  [command = '', ...args]: readonly string[],
  { key, signingConfig }: ReleaseOptions,
): Promise<void> {
  const options = Object.entries({
    key: key === 'keyless' ? undefined : key,
    'signing-config': signingConfig,
  });
  const given = options.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  await runTool('cosign', [command, ...given, ...args]);
  say(`signed ${args.at(-1)}`);
}

async function versions(): Promise<Readonly<Record<string, string>>> {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { readonly version: string };
  const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as {
    version: string;
    appVersion: string;
  };
  return {
    'package.json': version,
    'Chart.yaml (version)': chart.version,
    'Chart.yaml (appVersion)': chart.appVersion,
  };
}

function cache(): string {
  return process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? '.', '.cache', NAME);
}
