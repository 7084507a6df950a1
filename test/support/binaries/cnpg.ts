/** What CloudNativePG is released as: its CRDs, and the manifest of the operator. Found, downloaded or taken from Go. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { obtain } from './obtain.ts';
import { sayOnStderr } from './progress.ts';
import { cacheDirectory, type Recipe, requiredVersion } from './recipe.ts';

/** A folder for each minor version that the tests run on: `make integration CNPG=1.30`. */
const VERSIONS = join(import.meta.dirname, '../cnpg');
/** What the chart installs. */
const DEFAULT = '1.29';
const MODULE = 'github.com/cloudnative-pg/cloudnative-pg';

/** Checksums as Go's checksum database vouches for them. */
const SUMS = {
  'v1.28.1': {
    clusters: 'cef9869d65873457388214210adb1ad3ed8998cc36fa8feb5e1260f5fe761590',
    backups: '23e331e070d11afd755f76b0530dfc38e13a9315747cc6327c70d5e3d968a129',
    manifest: '25e0c33c234aef3b7c3e05c9959b183a3dff31871ad52b703d766f0a4f406f92',
  },
  'v1.29.0': {
    clusters: 'c4eb835f3f065143150089d56c0d9205da9001c9306e2ce3a1ca34321d68f716',
    backups: 'bc2a9e30e2489978257e48f4f304eba26022cd9fa06d1418cc9da94acd62b373',
    manifest: '858854263f9cbb4f0cf3f393305396f123a72073d33a0710c8cc389f0b7c4a5b',
  },
  'v1.30.0': {
    clusters: 'ae47f4a00f6e998faef57e480f9a3960cd48ea16a79270861fc7442601507472',
    backups: '694bafce2eda4603629657c2141a89189c15250c74215002a6987538d3d78ff5',
    manifest: 'f8bede43fe4ee0d478c2355b204a36876b2ae4faac60f2a9452280b293da3b88',
  },
} as const;

/** Of the version that CNPG names. */
interface Release {
  readonly folder: string;
  /** With the `v`. */
  readonly version: keyof typeof SUMS;
  readonly cache: string;
}

/** The files of the CRDs that the project reads: Cluster and Backup. */
export async function findCnpgCrds(env = process.env, say = sayOnStderr): Promise<readonly string[]> {
  const release = releaseOf(env);
  const recipes = (['clusters', 'backups'] as const).map((plural) =>
    recipeOf(release, {
      what: `CRD ${plural}`,
      name: `${plural}.yaml`,
      file: `config/crd/bases/postgresql.cnpg.io_${plural}.yaml`,
      sha256: SUMS[release.version][plural],
    }),
  );
  await obtain(recipes, release.cache, say);
  return recipes.map(({ path }) => path);
}

/** The manifest that the operator is released as, and its version without the `v`. */
export async function findCnpgManifest(
  env = process.env,
  say = sayOnStderr,
): Promise<{ readonly file: string; readonly version: string }> {
  const release = releaseOf(env);
  const version = release.version.slice(1);
  const recipe = recipeOf(release, {
    what: 'release manifest',
    name: 'cnpg.yaml',
    file: `releases/cnpg-${version}.yaml`,
    sha256: SUMS[release.version].manifest,
  });
  await obtain([recipe], release.cache, say);
  return { file: recipe.path, version };
}

function releaseOf(env: NodeJS.ProcessEnv): Release {
  const asked = env.CNPG || DEFAULT;
  const known = readdirSync(VERSIONS).toSorted();
  if (!known.includes(asked)) throw new Error(`CNPG is ${asked}, but the tests know ${known.join(', ')}.`);
  const folder = join(VERSIONS, asked);
  const version = requiredVersion(folder, MODULE);
  if (!hasSums(version)) throw new Error(`No checksums of CloudNativePG ${version} are known.`);
  return { folder, version, cache: cacheDirectory(env) };
}

function hasSums(version: string): version is keyof typeof SUMS {
  return Object.hasOwn(SUMS, version);
}

function recipeOf(
  { folder, version, cache }: Release,
  { what, name, file, sha256 }: Readonly<Record<'what' | 'name' | 'file' | 'sha256', string>>,
): Recipe {
  const url = `https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/${version}/${file}`;
  return {
    what: `the CloudNativePG ${what} ${version}`,
    path: join(cache, `cnpg-${version}`, name),
    download: { url, sha256, megabytes: 2 },
    build: { kind: 'go-module-file', folder, module: MODULE, file },
  };
}
