/**
 * A fake for the upstream chart of the CloudNativePG operator, for machines that cannot download it: made of the
 * operator's own release manifest. It has the values that the real one has and we use, and like the real one it names
 * the operator by `nameOverride`, or else by what the chart that bundles it calls it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

interface Manifest {
  readonly kind: string;
  readonly metadata: { namespace?: string; labels?: Record<string, string>; name: string };
  readonly subjects?: { namespace?: string }[];
  readonly webhooks?: { clientConfig: { service: { namespace: string } } }[];
  readonly spec?: Record<string, unknown>;
}

interface Deployment extends Manifest {
  readonly spec: {
    replicas: unknown;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string> };
      spec: { affinity?: unknown; topologySpreadConstraints?: unknown; containers: [Container] };
    };
  };
}

interface Container {
  image: string;
  imagePullPolicy: string;
  resources: unknown;
  readonly env: { name: string; value?: string }[];
}

const NAMESPACE = '{{ .Release.Namespace }}';
const NAME = '{{ default .Chart.Name .Values.nameOverride }}';
const IMAGE = '{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}';
const SELECTOR = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': '{{ .Release.Name }}' };
/** In place of what is no string: the quotes around it are taken away again. */
const bare = (template: string) => `@@${template}@@`;

/** The values of the real chart that ours or its users set. */
const VALUES = {
  replicaCount: 1,
  nameOverride: '',
  image: { repository: 'ghcr.io/cloudnative-pg/cloudnative-pg', tag: '', pullPolicy: 'IfNotPresent' },
  crds: { create: true },
  resources: {},
  affinity: {},
  topologySpreadConstraints: [],
};

/** Writes the chart into `folder`. `manifest` is the text of the release manifest. */
export async function writeFakeChart(
  folder: string,
  { manifest, version, appVersion }: { manifest: string; version: string; appVersion: string },
): Promise<void> {
  const documents = manifest.split(/^---$/m).filter((text) => text.trim() !== '');
  const isCrd = (text: string) => /^kind: CustomResourceDefinition$/m.test(text);
  const crds = documents.filter(isCrd).map(kept);
  const others = documents
    .filter((text) => !isCrd(text))
    .map((text) => parse(text) as Manifest)
    .filter(({ kind }) => kind !== 'Namespace')
    .map((object) => unquoted(stringify(adapted(object), { lineWidth: 0 })));
  await mkdir(join(folder, 'templates'), { recursive: true });
  await Promise.all(
    Object.entries({
      'Chart.yaml': stringify({ apiVersion: 'v2', name: 'cloudnative-pg', version, appVersion }),
      'values.yaml': stringify(VALUES),
      'templates/crds.yaml': `{{- if .Values.crds.create }}\n${crds.join('---\n')}{{- end }}\n`,
      'templates/operator.yaml': others.join('---\n'),
    }).map(([name, text]) => writeFile(join(folder, name), text)),
  );
}

/** As the real chart: who uninstalls it keeps his databases. */
function kept(crd: string): string {
  const text = crd.replace(/^ {2}annotations:$/m, '  annotations:\n    helm.sh/resource-policy: keep');
  if (text === crd) throw new Error('a CRD without annotations');
  return `${text.trim()}\n`;
}

function adapted(object: Manifest): Manifest {
  const { metadata } = object;
  if (metadata.namespace !== undefined) metadata.namespace = NAMESPACE;
  metadata.labels = { ...metadata.labels, ...SELECTOR };
  for (const subject of object.subjects ?? []) subject.namespace = NAMESPACE;
  for (const { clientConfig } of object.webhooks ?? []) clientConfig.service.namespace = NAMESPACE;
  if (object.kind === 'Service') Object.assign(object.spec ?? {}, { selector: SELECTOR });
  if (object.kind === 'Deployment') adaptDeployment(object as Deployment);
  return object;
}

function adaptDeployment({ metadata, spec }: Deployment): void {
  metadata.name = '{{ .Release.Name }}-operator';
  spec.replicas = bare('{{ .Values.replicaCount }}');
  spec.selector.matchLabels = SELECTOR;
  spec.template.metadata.labels = SELECTOR;
  spec.template.spec.affinity = bare('{{ toJson .Values.affinity }}');
  spec.template.spec.topologySpreadConstraints = bare('{{ toJson .Values.topologySpreadConstraints }}');
  const [container] = spec.template.spec.containers;
  container.image = IMAGE;
  container.imagePullPolicy = '{{ .Values.image.pullPolicy }}';
  container.resources = bare('{{ toJson .Values.resources }}');
  for (const variable of container.env) {
    if (variable.name === 'OPERATOR_IMAGE_NAME') variable.value = IMAGE;
  }
}

function unquoted(text: string): string {
  return text.replaceAll(/["']?@@(.*?)@@["']?/g, '$1');
}
