import type { KubeObject } from '../../kubernetes/api.ts';
import { COMPONENT } from '../cluster/chart.ts';
import type { PodDetails } from '../cluster/pod-details.ts';

/** An object as Helm prints it. */
export interface Manifest extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: { readonly template?: Template };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

type Template = Pick<PodDetails, 'metadata' | 'spec'>;

interface PlannedContainer {
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name?: string; readonly key: string } };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: { readonly name?: string } }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface SecretVolume {
  readonly name: string;
  readonly secret?: {
    readonly secretName?: string;
    /** Absent: all keys of the Secret. */
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
}

/** A Secret that is mounted into the controller. */
export interface SecretMount {
  readonly folder: string;
  readonly secret: string;
  readonly items: NonNullable<SecretVolume['secret']>['items'];
}

/** What Helm would create, as `helm template` prints it. */
export class Planned {
  readonly objects: readonly Manifest[];
  readonly #controller: Manifest;

  /** Throws where the manifests are not of this chart. */
  constructor(documents: readonly unknown[]) {
    this.objects = documents.flatMap(objectsIn);
    const controller = this.#deployment('controller');
    if (controller === undefined)
      throw new Error(
        'the manifests have no Deployment of the controller: give all that `helm template` prints of the chart',
      );
    this.#controller = controller;
  }

  get namespace(): string {
    return this.#controller.metadata.namespace ?? 'default';
  }

  get controllerLabels(): Readonly<Record<string, string>> {
    return this.#controller.spec?.template?.metadata.labels ?? {};
  }

  get controllerContainer(): PlannedContainer {
    return containerOf(this.#controller);
  }

  get secretMounts(): readonly SecretMount[] {
    const volumes: readonly SecretVolume[] = this.#controller.spec?.template?.spec?.volumes ?? [];
    const { volumeMounts = [] } = this.controllerContainer;
    return volumes.flatMap(({ name, secret: { secretName: secret, items } = {} }) => {
      const folder = volumeMounts.find((mount) => mount.name === name)?.mountPath;
      return secret === undefined || folder === undefined ? [] : [{ folder, secret, items }];
    });
  }

  /** Undefined where policies inject, or nothing does. */
  get webhook(): { readonly port: number | undefined; readonly onNodes: boolean } | undefined {
    const webhook = this.#deployment('webhook');
    if (webhook === undefined) return undefined;
    const port = containerOf(webhook).ports?.find(({ name }) => name === 'webhook')?.containerPort;
    return { port, onNodes: webhook.spec?.template?.spec?.hostNetwork === true };
  }

  /** The pod templates; `about` is kind and name of the workload. */
  get templates(): readonly { readonly about: string; readonly template: Template }[] {
    return this.objects.flatMap(({ kind, metadata, spec }) =>
      spec?.template?.spec === undefined
        ? []
        : [{ about: `${kind} ${metadata.name}`, template: spec.template }],
    );
  }

  find(kind: string, name: string): Manifest | undefined {
    return this.objects.find((object) => object.kind === kind && object.metadata.name === name);
  }

  /** The controller’s configuration file, where it has one. */
  get configFile(): string | undefined {
    return this.objects.find(({ kind, data }) => kind === 'ConfigMap' && data?.['config.yaml'] !== undefined)
      ?.data?.['config.yaml'];
  }

  #deployment(component: string): Manifest | undefined {
    return this.objects.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.labels?.[COMPONENT] === component,
    );
  }
}

function containerOf({ spec }: Manifest): PlannedContainer {
  const [container] = spec?.template?.spec?.containers ?? [];
  return (container ?? {}) as PlannedContainer;
}

function objectsIn(document: unknown): readonly Manifest[] {
  if (typeof document !== 'object' || document === null) return [];
  if ('items' in document && Array.isArray(document.items)) return document.items.flatMap(objectsIn);
  return isManifest(document) ? [document] : [];
}

function isManifest(document: object): document is Manifest {
  const { apiVersion, kind, metadata } = document as Partial<Manifest>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}

/** Throws where a text is not YAML. */
export async function readPlanned(texts: readonly string[]): Promise<Planned> {
  const { parseAllDocuments } = await import('../text/yaml.ts');
  const documents = texts.flatMap((text) => [...parseAllDocuments(text)]);
  return new Planned(
    documents.map((document) => {
      const [error] = document.errors;
      // The parser’s own text shows the lines around the error, and those may hold a secret.
      if (error !== undefined) throw new Error(`line ${error.linePos?.[0].line ?? '?'} has ${error.code}`);
      return document.toJS({ maxAliasCount: 100 }) as unknown;
    }),
  );
}
