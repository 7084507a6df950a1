/** The chart as an OCI artifact: with the operator's chart inside, and the digest of the image in its annotations. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Document, parse, parseDocument } from 'yaml';
import type { Section } from './changelog.ts';
import { type Descriptor, type Layout, MEDIA } from './layout.ts';
import { type Entry, gzip, tar } from './tar.ts';

export interface ChartOptions {
  /** With the operator's chart in `charts/`. */
  readonly folder: string;
  readonly repository: string;
  readonly digest: string;
  readonly changes: readonly Section[];
  readonly time: number;
}

export interface PackedChart {
  readonly archive: Buffer;
  /** Chart.yaml, which is the artifact's configuration. */
  readonly metadata: { readonly name: string; readonly version: string; readonly annotations: object };
}

/** By `helm dependency update`, with the time at which it was run. What it locks is in the archive. */
const LOCK = 'Chart.lock';
/** Read by templates/_helpers.tpl. */
const IMAGE_DIGEST = 'site-follower/image-digest';

export async function packChart(options: ChartOptions): Promise<PackedChart> {
  const { folder, time } = options;
  const entries = await entriesOf(folder);
  const dependencies = entries.filter(({ path }) =>
    /^charts\/cloudnative-pg(\/Chart\.yaml|-.*\.tgz)$/.test(path),
  );
  if (dependencies.length !== 1)
    throw new Error(
      `${folder}/charts must hold the operator's chart once: run helm dependency update ${folder}`,
    );
  const changed = new Map([
    ['values.yaml', (text: string) => withRepository(text, options)],
    ['Chart.yaml', (text: string) => withAnnotations(text, options)],
  ]);
  const packed = entries.map(({ path, content }) => {
    const change = changed.get(path);
    return change === undefined
      ? { path, content }
      : { path, content: Buffer.from(change(content.toString())) };
  });
  const chart = packed.find(({ path }) => path === 'Chart.yaml');
  const metadata = parse((chart?.content ?? '').toString()) as PackedChart['metadata'];
  const named = packed.map((entry) => ({ ...entry, path: `${metadata.name}/${entry.path}` }));
  return { archive: gzip(tar(named, time)), metadata };
}

/** Source: https://helm.sh/docs/topics/registries/#oci-feature-deprecation-and-behavior-changes-with-v380 */
export async function addChart(layout: Layout, { archive, metadata }: PackedChart): Promise<Descriptor> {
  const config = await layout.addJson('application/vnd.cncf.helm.config.v1+json', metadata);
  const layers = [await layout.add('application/vnd.cncf.helm.chart.content.v1.tar+gzip', archive)];
  return layout.addJson(MEDIA.manifest, { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers });
}

async function entriesOf(folder: string): Promise<readonly (Entry & { readonly content: Buffer })[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const packed = files.filter((file) => relative(folder, file) !== LOCK);
  return Promise.all(
    packed.map(async (file) => ({ path: relative(folder, file), content: await readFile(file) })),
  );
}

function withRepository(text: string, { repository }: ChartOptions): string {
  return changedIn(text, (values) => values.setIn(['image', 'repository'], repository));
}

/**
 * The digest is no value: `helm upgrade --reuse-values` takes the values of the old chart, and would keep the old image.
 * Source: https://artifacthub.io/docs/topics/annotations/helm/
 */
function withAnnotations(text: string, { repository, digest, changes }: ChartOptions): string {
  return changedIn(text, (chart) => {
    const version = String(chart.get('version'));
    const images = [{ name: 'kube-site-follower', image: `${repository}:${version}@${digest}` }];
    const kinds = new Set(['added', 'changed', 'deprecated', 'removed', 'fixed', 'security']);
    const said = changes.flatMap(({ title, items }) =>
      items.map((description) => ({ kind: title.toLowerCase(), description })),
    );
    chart.setIn(['annotations', IMAGE_DIGEST], digest);
    chart.setIn(['annotations', 'artifacthub.io/license'], 'Apache-2.0');
    chart.setIn(['annotations', 'artifacthub.io/images'], JSON.stringify(images));
    chart.setIn(
      ['annotations', 'artifacthub.io/changes'],
      JSON.stringify(said.filter(({ kind }) => kinds.has(kind))),
    );
  });
}

function changedIn(text: string, change: (document: Document.Parsed) => void): string {
  const document = parseDocument(text);
  change(document);
  return document.toString({ lineWidth: 0 });
}
