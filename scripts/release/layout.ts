/** An OCI image layout: a folder with blobs by their digests. Source: the OCI image specification 1.1. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

export const sha256 = (content: Uint8Array | string) =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

export class Layout {
  readonly folder: string;

  /** Use createLayout. */
  constructor(folder: string) {
    this.folder = folder;
  }

  async add(mediaType: string, content: Uint8Array | string): Promise<Descriptor> {
    const digest = sha256(content);
    await writeFile(pathOf(this.folder, digest), content);
    return { mediaType, digest, size: Buffer.byteLength(content) };
  }

  addJson(mediaType: string, content: object): Promise<Descriptor> {
    return this.add(mediaType, JSON.stringify(content));
  }

  /** A blob of another layout. */
  async take(from: string, { digest }: Descriptor): Promise<void> {
    await copyFile(pathOf(from, digest), pathOf(this.folder, digest));
  }

  /** What the layout is of. */
  async finish(...manifests: readonly Descriptor[]): Promise<void> {
    const index = { schemaVersion: 2, mediaType: MEDIA.index, manifests };
    await writeFile(join(this.folder, 'index.json'), JSON.stringify(index));
  }
}

export async function createLayout(folder: string): Promise<Layout> {
  await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  return new Layout(folder);
}

/** Reads a JSON blob, and sees that it is the one that the digest means. */
export async function readBlob<T>(folder: string, digest: string): Promise<T> {
  const content = await readFile(pathOf(folder, digest));
  if (sha256(content) !== digest) throw new Error(`${folder}: the blob ${digest} has another content`);
  return JSON.parse(content.toString()) as T;
}

export async function readIndex(folder: string): Promise<readonly Descriptor[]> {
  const text = await readFile(join(folder, 'index.json'), 'utf8');
  return (JSON.parse(text) as { readonly manifests: readonly Descriptor[] }).manifests;
}

function pathOf(folder: string, digest: string): string {
  return join(folder, 'blobs', ...digest.split(':'));
}
