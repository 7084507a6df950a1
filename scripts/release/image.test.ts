import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { VERSION } from '../../contract/version.ts';
import { lastStage, type Stage } from './dockerfile.ts';
import { addImage } from './image.ts';
import { createLayout, type Descriptor, MEDIA, type Platform, readBlob, sha256 } from './layout.ts';
import { provenance, sbom } from './statements.ts';
import { gzip, tar } from './tar.ts';

const TIME = 1_700_000_000;
const ORIGIN = {
  version: VERSION,
  revision: 'f00',
  time: TIME,
  base: `registry.example.com/base@sha256:${'0'.repeat(64)}`,
  builder: 'urn:test',
};
const STATEMENTS = [sbom([{ name: '@a/b', version: '1.0.0', licence: 'MIT' }], ORIGIN), provenance(ORIGIN)];
const PLATFORMS: readonly Platform[] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
];

interface Index {
  readonly manifests: readonly Descriptor[];
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface Config {
  readonly architecture: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
  };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

let folder: string;
let stage: Stage;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-'));
  const own = lastStage(await readFile('Dockerfile', 'utf8'), { VERSION, REVISION: 'f00' });
  stage = { ...own, copies: [{ sources: ['LICENSE'], target: '/licenses/' }] };
});
after(() => rm(folder, { recursive: true }));

/** A base for one platform, as `crane pull` leaves it. */
async function baseFor({ os, architecture }: Platform): Promise<string> {
  const layout = await createLayout(join(folder, `base-${architecture}`));
  const content = tar([{ path: 'nodejs/bin/node', content: Buffer.from(architecture) }], 0);
  const layers = [
    {
      ...(await layout.add(MEDIA.layer, gzip(content))),
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    },
  ];
  const rootfs = { type: 'layers', diff_ids: [sha256(content)] };
  const config = await layout.addJson(MEDIA.config, {
    os,
    architecture,
    rootfs,
    config: { Env: ['PATH=/bin'] },
  });
  await layout.finish(await layout.addJson(MEDIA.manifest, { schemaVersion: 2, config, layers }));
  return layout.folder;
}

async function made(name: string) {
  const layout = await createLayout(join(folder, name));
  const bases = new Map<Platform, string>();
  for (const platform of PLATFORMS) bases.set(platform, await baseFor(platform));
  const options = { stage, bases, name: 'registry.example.com/x@1', time: TIME, statements: STATEMENTS };
  return { layout, index: await addImage(layout, options) };
}

test('it has an image for each platform, on the base of that platform, as the Dockerfile says', async () => {
  const { layout, index } = await made('one');
  const { manifests } = await readBlob<Index>(layout.folder, index.digest);
  assert.deepEqual(
    manifests.map(({ platform }) => platform?.architecture),
    ['amd64', 'arm64', 'unknown', 'unknown'],
  );
  for (const { digest, platform } of manifests.slice(0, 2)) {
    const { config, layers } = await readBlob<Manifest>(layout.folder, digest);
    const { architecture, config: own, rootfs } = await readBlob<Config>(layout.folder, config.digest);
    assert.equal(architecture, platform?.architecture);
    assert.deepEqual([own.User, own.Entrypoint], ['65532:65532', ['/nodejs/bin/node']]);
    assert.deepEqual(own.Env, ['PATH=/bin', 'MALLOC_ARENA_MAX=1', 'MALLOC_TRIM_THRESHOLD_=131072']);
    assert.deepEqual([layers.length, rootfs.diff_ids.length], [2, 2]);
    assert.deepEqual(new Set(layers.map(({ mediaType }) => mediaType)), new Set([MEDIA.layer]));
  }
});

test('SBOM and provenance are beside each image, and mean it', async () => {
  const { layout, index } = await made('two');
  const { manifests } = await readBlob<Index>(layout.folder, index.digest);
  for (const [at, image] of manifests.slice(0, 2).entries()) {
    const beside = manifests[at + 2];
    assert.equal(beside?.annotations?.['vnd.docker.reference.digest'], image.digest);
    const { layers } = await readBlob<Manifest>(layout.folder, beside?.digest ?? '');
    const statements = await Promise.all(
      layers.map(({ digest }) =>
        readBlob<{ predicateType: string; subject: [{ digest: { sha256: string } }] }>(layout.folder, digest),
      ),
    );
    assert.deepEqual(
      statements.map(({ predicateType }) => predicateType),
      ['https://spdx.dev/Document', 'https://slsa.dev/provenance/v1'],
    );
    for (const { subject } of statements) assert.equal(`sha256:${subject[0].digest.sha256}`, image.digest);
  }
});

test('the same sources give the same digest', async () => {
  assert.equal((await made('three')).index.digest, (await made('four')).index.digest);
});

test('an instruction of the Dockerfile that is not known is refused', () => {
  assert.throws(() => lastStage('FROM x\nHEALTHCHECK NONE\n', {}), /a release does not know HEALTHCHECK/);
});
