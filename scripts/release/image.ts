/** The image for each platform, as an index with what is known of it: SBOM and provenance as BuildKit attaches them. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Stage } from './dockerfile.ts';
import { type Descriptor, type Layout, MEDIA, type Platform, readBlob, readIndex, sha256 } from './layout.ts';
import { gzip, tar } from './tar.ts';

interface Manifest {
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface Config {
  readonly config?: { readonly Env?: readonly string[]; readonly Labels?: Readonly<Record<string, string>> };
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly history?: readonly object[];
}

/** An in-toto statement without its subject. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: object;
}

export interface ImageOptions {
  readonly stage: Stage;
  /** For each platform the layout that holds the base for it alone. */
  readonly bases: ReadonlyMap<Platform, string>;
  readonly name: string;
  /** Seconds: the time of everything in it. */
  readonly time: number;
  readonly statements: readonly Statement[];
}

/** Adds the image to the layout and gives its index. */
export async function addImage(layout: Layout, options: ImageOptions): Promise<Descriptor> {
  const { stage, bases, name, time, statements } = options;
  const content = await layerOf(stage, time);
  const layer = await layout.add(MEDIA.layer, gzip(content));
  const images: Descriptor[] = [];
  for (const [platform, base] of bases) {
    const manifest = await onBase(layout, base, { layer, diffId: sha256(content), stage, time, platform });
    images.push({ ...manifest, platform });
  }
  const attestations: Descriptor[] = [];
  for (const image of images) attestations.push(await attestation(layout, name, image, statements));
  const annotations = stage.config.Labels;
  const manifests = [...images, ...attestations];
  return layout.addJson(MEDIA.index, { schemaVersion: 2, mediaType: MEDIA.index, manifests, annotations });
}

async function layerOf({ copies }: Stage, time: number): Promise<Buffer> {
  const entries = await Promise.all(
    copies.flatMap(({ sources, target }) =>
      sources.map(async (source) => ({
        path: (target.endsWith('/') ? `${target}${basename(source)}` : target).replace(/^\//, ''),
        content: await readFile(source),
        executable: source.startsWith('dist/') && !source.endsWith('.txt'),
      })),
    ),
  );
  return tar(entries, time);
}

interface OnBase {
  readonly layer: Descriptor;
  readonly diffId: string;
  readonly stage: Stage;
  readonly time: number;
  readonly platform: Platform;
}

async function onBase(layout: Layout, base: string, own: OnBase): Promise<Descriptor> {
  const { layer, diffId, stage, time, platform } = own;
  const [found] = await readIndex(base);
  if (found === undefined)
    throw new Error(`${base} has no image for ${platform.os}/${platform.architecture}`);
  const { config, layers } = await readBlob<Manifest>(base, found.digest);
  const { config: theirs = {}, rootfs, history = [], ...rest } = await readBlob<Config>(base, config.digest);
  for (const one of layers) await layout.take(base, one);
  const created = new Date(time * 1_000).toISOString();
  const merged = {
    ...rest,
    ...platform,
    created,
    config: {
      ...theirs,
      ...stage.config,
      Env: [...(theirs.Env ?? []), ...stage.config.Env],
      Labels: { ...theirs.Labels, ...stage.config.Labels },
    },
    rootfs: { ...rootfs, diff_ids: [...rootfs.diff_ids, diffId] },
    history: [...history, { created, created_by: 'make release', comment: 'the programs' }],
  };
  return layout.addJson(MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: await layout.addJson(MEDIA.config, merged),
    layers: [...layers.map(asOci), layer],
  });
}

/** Docker's layers are the same under another name. */
function asOci(layer: Descriptor): Descriptor {
  return layer.mediaType.endsWith('tar.gzip') ? { ...layer, mediaType: MEDIA.layer } : layer;
}

/** Source: https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
async function attestation(
  layout: Layout,
  name: string,
  { digest }: Descriptor,
  statements: readonly Statement[],
): Promise<Descriptor> {
  const subject = [{ name: `pkg:docker/${name}`, digest: { sha256: digest.replace('sha256:', '') } }];
  const layers: Descriptor[] = [];
  const diffIds: string[] = [];
  for (const { predicateType, predicate } of statements) {
    const statement = { _type: 'https://in-toto.io/Statement/v0.1', predicateType, subject, predicate };
    const layer = await layout.addJson('application/vnd.in-toto+json', statement);
    layers.push({ ...layer, annotations: { 'in-toto.io/predicate-type': predicateType } });
    diffIds.push(layer.digest);
  }
  const platform = { architecture: 'unknown', os: 'unknown' };
  const config = await layout.addJson(MEDIA.config, {
    ...platform,
    config: {},
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const manifest = await layout.addJson(MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config,
    layers,
  });
  const annotations = {
    'vnd.docker.reference.digest': digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  };
  return { ...manifest, platform, annotations };
}
