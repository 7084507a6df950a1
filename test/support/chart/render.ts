/** The chart as Helm renders it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Document, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../kubernetes/api.ts';
import { run } from '../binaries/command.ts';
import { findTools } from '../tools.ts';
import { assembleChart } from './assemble.ts';

/** An object that was rendered; its parts are read as the test needs them. */
export interface Manifest extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

export const RELEASE = 'kube-site-follower';
export const NAMESPACE = 'release-namespace';
/** The least that the chart wants to be told, and where records can point at. */
export const SITES = { controller: { sites: { 'us-east': { nodeName: 'node-1', ip: '192.0.2.10' } } } };

/** What Helm takes the cluster for, which knows none itself. */
const KUBERNETES = ['--kube-version', '1.37.0'];

const LIMIT_MS = 60_000;

export interface RenderOptions {
  /** In the form of a values file. */
  readonly values?: object;
  /** More of Helm's arguments, such as `--set`. */
  readonly args?: readonly string[];
  readonly release?: string;
}

/** To be called at the top of a test file. */
export async function chartUnderTest(): Promise<TestChart> {
  const folder = await mkdtemp(join(tmpdir(), 'chart-'));
  after(() => rm(folder, { recursive: true }));
  const [{ helm }] = await Promise.all([findTools(), assembleChart(join(folder, 'chart'))]);
  return new TestChart(folder, helm);
}

class TestChart {
  readonly helm: string;
  readonly #folder: string;
  #files = 0;

  /** Use chartUnderTest. */
  constructor(folder: string, helm: string) {
    this.#folder = folder;
    this.helm = helm;
  }

  /** With the operator's chart, a fake, in its place. */
  get path(): string {
    return join(this.#folder, 'chart');
  }

  /** Everything that is rendered, hooks included. Rejects with what Helm says. */
  async render(options: RenderOptions = {}): Promise<readonly Manifest[]> {
    return (await this.documents(options)).map((document) => document.toJS() as Manifest);
  }

  /** The same with the comments. */
  async documents(options: RenderOptions = {}): Promise<readonly Document.Parsed[]> {
    const text = await this.text(options);
    const documents = parseAllDocuments(text) as Document.Parsed[];
    for (const { errors } of documents) if (errors.length > 0) throw errors[0];
    return documents.filter(({ contents }) => contents !== null);
  }

  async text({ values = SITES, args = [], release = RELEASE }: RenderOptions = {}): Promise<string> {
    const file = await this.#valuesFile(values);
    const own = ['--namespace', NAMESPACE, ...KUBERNETES, '-f', file];
    return this.run(['template', release, this.path, ...own, ...args]);
  }

  /** What Helm says after an installation. */
  async notes(values: object): Promise<string> {
    const file = await this.#valuesFile(values);
    const args = ['install', RELEASE, this.path, '--namespace', NAMESPACE, '-f', file];
    const text = await this.run([...args, '--dry-run=client']);
    const [, notes] = text.split(/^NOTES:$/m);
    if (notes === undefined) throw new Error('Helm shows no notes');
    return notes;
  }

  async lint(values: object): Promise<string> {
    return this.run(['lint', '--strict', this.path, ...KUBERNETES, '-f', await this.#valuesFile(values)]);
  }

  /** Helm with its own files in the test's folder. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const own = {
      HELM_CACHE_HOME: this.#folder,
      HELM_CONFIG_HOME: this.#folder,
      HELM_DATA_HOME: this.#folder,
    };
    const abort = AbortSignal.timeout(LIMIT_MS);
    return run(this.helm, args, { abort, env: { ...process.env, ...own, ...env } });
  }

  async #valuesFile(values: object): Promise<string> {
    const file = join(this.#folder, `values-${++this.#files}.json`);
    await writeFile(file, JSON.stringify(values));
    return file;
  }
}

/** The object of this kind whose name ends with `suffix`; throws when there is not just one. */
export function only(manifests: readonly Manifest[], kind: string, suffix = ''): Manifest {
  const found = manifests.filter((object) => object.kind === kind && object.metadata.name.endsWith(suffix));
  const [first, second] = found;
  if (first === undefined || second !== undefined) {
    throw new Error(`${found.length} objects of kind ${kind} end with "${suffix}"`);
  }
  return first;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env: readonly Variable[];
  readonly envFrom?: readonly object[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly ports?: readonly { readonly containerPort: number }[];
  readonly resources: { readonly limits: Readonly<Record<string, string>> };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

export interface PodSpec {
  readonly priorityClassName?: string;
  readonly os?: { readonly name: string };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
  readonly dnsPolicy?: string;
  readonly containers: readonly [Container];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly Readonly<Record<string, object | string>>[];
  readonly topologySpreadConstraints?: readonly {
    readonly topologyKey: string;
    readonly whenUnsatisfiable: string;
    readonly labelSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
  }[];
}

/** The pod template's spec of a Deployment or Job. */
export function podSpec({ kind, spec, metadata }: Manifest): PodSpec {
  const template = spec?.template as { readonly spec?: PodSpec } | undefined;
  if (template?.spec === undefined) throw new Error(`${kind} ${metadata.name} makes no pods`);
  return template.spec;
}

/** The files of the controller: its configuration, and credentials from a Secret, which are all `secret`. */
export function filesWith(config = '', secret = '0123456789abcdef'): (path: string) => string {
  return (path) => (path.startsWith('/etc/site-follower-credentials/') ? secret : config);
}

/** What a Secret has; nothing without one. */
export function secretTexts(secret: Manifest | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  );
}

/** The variables of a container, those from Secrets by what `secrets` has for their keys. */
export function environment(
  { env }: Pick<Container, 'env'>,
  secrets: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const ofPod: Readonly<Record<string, string>> = { POD_NAMESPACE: NAMESPACE, POD_NAME: 'pod-1' };
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      value ?? secrets[valueFrom?.secretKeyRef?.key ?? ''] ?? ofPod[name] ?? '',
    ]),
  );
}
