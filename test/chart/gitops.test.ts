import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { blocksOf, documents } from '../documentation/markdown.ts';
import { layered, nested } from '../support/chart/examples.ts';
import { chartUnderTest, only, podSpec, RELEASE, SITES, type Variable } from '../support/chart/render.ts';

const chart = await chartUnderTest();
const ROOT = new URL('../../', import.meta.url);
const { version } = parse(readFileSync(new URL('charts/kube-site-follower/Chart.yaml', ROOT), 'utf8')) as {
  version: string;
};

interface HelmRelease {
  readonly kind: string;
  readonly spec: {
    readonly releaseName: string;
    readonly values: object;
    readonly valuesFrom: readonly { readonly targetPath: string }[];
    readonly chartRef: { readonly kind: string; readonly name: string };
    readonly install: Attempt;
    readonly upgrade: Attempt;
  };
}

interface Attempt {
  readonly disableTakeOwnership: boolean;
  readonly strategy: { readonly name: string };
}

interface OciRepository {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly url: string; readonly ref: { readonly tag: string } };
}

interface Application {
  readonly kind: string;
  readonly spec: {
    readonly source: {
      readonly repoURL: string;
      readonly chart: string;
      readonly targetRevision: string;
      readonly helm: { readonly valuesObject: object };
    };
  };
}

const blocks = documents().flatMap(blocksOf);
const examples = blocks
  .filter(({ path, language }) => path === 'docs/gitops.md' && language === 'yaml')
  .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as { kind: string }));

function example<T extends { readonly kind: string }>(kind: string): T {
  const [found, another] = examples.filter((one) => one.kind === kind);
  assert.ok(found !== undefined && another === undefined, kind);
  return found as T;
}

/** What both examples have in common: operator, database and DNS. */
async function isComplete(values: object): Promise<void> {
  assert.match(await chart.lint(values), /0 chart\(s\) failed/);
  const manifests = await chart.render({ values });
  only(manifests, 'Deployment', '-operator');
  only(manifests, 'Job', '-postgres');
  const { env } = podSpec(only(manifests, 'Deployment', '-controller')).containers[0];
  const isFromSecret = ({ name, value, valueFrom }: Variable) =>
    name === 'NAMECHEAP_API_KEY_FILE' ? value !== undefined : valueFrom?.secretKeyRef !== undefined;
  assert.ok(env.some((variable) => variable.name.startsWith('NAMECHEAP_API_KEY') && isFromSecret(variable)));
}

test('the example for Flux is a release of this chart, with a value from a Secret', async () => {
  const { spec } = example<HelmRelease>('HelmRelease');
  // All names in the documentation are those of such a release.
  assert.equal(spec.releaseName, RELEASE);
  // A failed installation is tried again as an upgrade, so both have to be said.
  for (const { disableTakeOwnership, strategy } of [spec.install, spec.upgrade])
    assert.deepEqual([disableTakeOwnership, strategy.name], [true, 'RetryOnFailure']);
  const { kind, metadata, spec: source } = example<OciRepository>('OCIRepository');
  assert.deepEqual(spec.chartRef, { kind, name: metadata.name });
  assert.match(source.url, /^oci:\/\/.*\/charts\/kube-site-follower$/);
  assert.equal(source.ref.tag, version);
  const secrets = spec.valuesFrom.map(({ targetPath }) => nested(targetPath, 'from-a-secret'));
  await isComplete(layered(spec.values, ...secrets));
});

test('the example for Argo CD is a release of this chart', async () => {
  const { source } = example<Application>('Application').spec;
  assert.deepEqual([source.chart, source.targetRevision], ['kube-site-follower', version]);
  assert.match(source.repoURL, /\/charts$/);
  assert.doesNotMatch(source.repoURL, /^oci:/);
  await isComplete(source.helm.valuesObject);
});

/** As gitops-engine translates them, and others it does not run: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#helm-hooks */
const PHASES: Readonly<Record<string, string>> = {
  'pre-install': 'PreSync',
  'pre-upgrade': 'PreSync',
  'post-install': 'PostSync',
  'post-upgrade': 'PostSync',
  'post-delete': 'PostDelete',
};

test('Argo CD makes the database after each sync, removes what was made after a deletion, and runs no test', async () => {
  const { source } = example<Application>('Application').spec;
  const phases = new Map<string, Set<string>>();
  for (const { metadata } of await chart.render({ values: source.helm.valuesObject })) {
    const { 'helm.sh/hook': hook, 'helm.sh/hook-delete-policy': policy } = metadata.annotations ?? {};
    if (hook === undefined) continue;
    const component = metadata.labels?.['app.kubernetes.io/component'] ?? '';
    const known = phases.get(component) ?? new Set<string>();
    for (const phase of hook.split(',').flatMap((one) => PHASES[one] ?? [])) known.add(phase);
    phases.set(component, known);
    // Without it a second sync finds the Job of the first, which cannot be changed.
    assert.match(policy ?? '', /before-hook-creation/, metadata.name);
  }
  assert.deepEqual(Object.fromEntries([...phases].map(([component, own]) => [component, [...own]])), {
    cleanup: ['PostDelete'],
    postgres: ['PostSync'],
    test: [],
  });
});

test('what is rendered is the same each time, so that no tool finds a difference for ever', async () => {
  const values = [
    example<Application>('Application').spec.source.helm.valuesObject,
    { webhook: { certManager: { enabled: true } }, admissionPolicy: { enabled: true } },
    { webhook: { mode: 'both' }, networkPolicy: { enabled: true } },
  ];
  for (const one of values.map((own) => layered(SITES, own)))
    assert.deepEqual(newLines(await chart.text({ values: one }), await chart.text({ values: one })), []);
});

test('what is rendered does not change when the operator has brought its kinds', async () => {
  const { valuesObject: values } = example<Application>('Application').spec.source.helm;
  const args = ['Cluster', 'Backup'].flatMap((kind) => ['--api-versions', `postgresql.cnpg.io/v1/${kind}`]);
  assert.deepEqual(newLines(await chart.text({ values }), await chart.text({ values, args })), []);
});

/** The first of them. How texts of a megabyte differ as a whole would take an assertion gigabytes to show. */
function newLines(before: string, after: string): readonly string[] {
  const old = before.split('\n');
  const lines = after.split('\n');
  const changed = lines.filter((line, index) => line !== old[index]);
  return lines.length === old.length ? changed.slice(0, 5) : [`${lines.length} lines, and not ${old.length}`];
}

test('every --set of the documentation is one that the chart takes', async () => {
  const commands = blocks.flatMap(({ text }) =>
    text
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .filter((line) => /\bhelm .*--set/.test(line)),
  );
  assert.ok(commands.length >= 1, commands.join('\n'));
  const exports = blocks.flatMap(({ text }) => text.match(/^\s*export .*/gm) ?? []);
  const pairs = exports.flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)]);
  const variables = new Map(pairs.map(([, name = '', value = '']) => [name, value]));
  for (const command of commands) {
    // In quotes, as a shell would make two arguments of {a,b}.
    const told = command.matchAll(/--set(?:-string)? (?:'([^']+)'|([^\s'{]+)(?= |$))/g);
    const said = [...told].map(([, quoted, plain = '']) => quoted ?? plain);
    assert.equal(said.length, command.match(/--set\b/g)?.length, command);
    const values = said.map((value) =>
      value.replaceAll(/\$(\w+)/g, (all, name) => variables.get(name) ?? all),
    );
    await chart.text({ args: values.flatMap((value) => ['--set', value]) });
  }
});

test('the version that the documentation builds is that of the chart', () => {
  const images = blocks.flatMap(({ text }) => [...text.matchAll(/kube-site-follower:(\d[\w.-]*)/g)]);
  assert.ok(images.length >= 3);
  for (const [image, tag] of images) assert.equal(tag, version, image);
});
