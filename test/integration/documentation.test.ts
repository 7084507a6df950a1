import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { CONFIG_MAPS, namespaced, SERVICES } from '../../kubernetes/resources.ts';
import { COVERAGE, type Coverage, commandsOf } from '../documentation/coverage.ts';
import { type Block, blocksOf, documents } from '../documentation/markdown.ts';
import { assembleChart } from '../support/chart/assemble.ts';
import { createCnpgCluster } from '../support/cnpg.ts';
import { type ControllerProcess, startController } from '../support/controller-process.ts';
import { FOREIGN_CRDS } from '../support/foreign-crds.ts';
import { mergeKubeconfigs } from '../support/kubeconfig.ts';
import { createNodes, ensureNamespace } from '../support/seed.ts';
import { ownControlPlane, sharedControlPlane } from '../support/shared-control-plane.ts';
import { findTools } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** The names are those of the documentation, so nobody else may be here. */
const plane = await ownControlPlane();
/** Of the second cluster in docs/topology.md. */
const otherPlane = await sharedControlPlane();

const ROOT = new URL('../../', import.meta.url).pathname;
const NAMESPACE = 'site-follower';
const NODES = ['node-us-east-01', 'node-eu-west-01'];
const TOPOLOGY = 'docs/topology.md';
const COMMAND_LIMIT_MS = 60_000;
/** The operator's resource definitions alone have 1 MB. */
const MAX_OUTPUT = 16 * 1_024 * 1_024;

const DEPLOYMENTS = namespaced('apps/v1', 'deployments', 'Deployment');

/** A first start, then everything that looks, then what stops and upgrades. */
const ORDER = (path: string) =>
  path === 'docs/start.md' ? 0 : path === 'docs/failures.md' ? 2 : path === 'docs/upgrading.md' ? 3 : 1;
const blocks = documents()
  .toSorted((one, other) => ORDER(one.path) - ORDER(other.path))
  .flatMap(blocksOf);
const shell = blocks.filter(({ language }) => ['sh', 'indented', 'bash', 'console'].includes(language));
/** A configuration of kind is no object of a cluster. */
const manifests = blocks.filter(
  ({ language, text }) => language === 'yaml' && /^apiVersion: (?!kind\.)/m.test(text),
);
/** Those of a topology are another way of saying what the others say, and its own commands read them. */
const values = blocks.filter(
  ({ path, language, text }) =>
    path !== TOPOLOGY && language === 'yaml' && /^(image|controller|webhook|cloudnativepg):/.test(text),
);

let folder: string;
let env: NodeJS.ProcessEnv;
let controller: ControllerProcess | undefined;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'documentation-'));
  const tools = await findTools();
  const path = [tools.helm, tools.kubectl, process.execPath].map(dirname).join(':');
  const kubeconfig = join(folder, 'kubeconfig');
  const [us = '', eu = ''] = await Promise.all(
    [plane, otherPlane].map(async (each) => readFileSync(await each.kubeconfigFor('admin'), 'utf8')),
  );
  writeFileSync(kubeconfig, mergeKubeconfigs({ 'kind-us-east': us, 'kind-eu-west': eu }), { mode: 0o600 });
  env = {
    ...process.env,
    PATH: `${path}:${folder}/.local/bin:${process.env.PATH}`,
    HOME: folder,
    KUBECONFIG: kubeconfig,
    HELM_NAMESPACE: NAMESPACE,
  };
  await prepareFolder();
  await prepareCluster(kubeconfig);
  await prepareTopology();
});
after(async () => {
  await controller?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As a clone of the repository looks to who follows the documentation in it. */
async function prepareFolder(): Promise<void> {
  for (const name of [
    'dist',
    'node_modules',
    'Makefile',
    'Dockerfile',
    'package.json',
    'package-lock.json',
  ]) {
    symlinkSync(join(ROOT, name), join(folder, name));
  }
  await assembleChart(join(folder, 'charts/kube-site-follower'));
  // Nobody serves the webhook here, and labelled workloads must be accepted all the same.
  const [first] = values;
  writeFileSync(join(folder, 'values.yaml'), `${first?.text}\nwebhook: { failurePolicy: Ignore }\n`);
  writeFileSync(join(folder, 'web.yaml'), stringify(deployment('web', NAMESPACE)));
  writeFileSync(join(folder, 'injected.yaml'), stringify(deployment('injected', NAMESPACE)));
}

function deployment(name: string, namespace: string) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: name }] } },
    },
  };
}

async function prepareCluster(kubeconfig: string): Promise<void> {
  const { api } = plane;
  for (const name of [NAMESPACE, 'postgres', 'shop']) await ensureNamespace(plane, name);
  await createNodes(
    api,
    NODES.map((name) => ({ name })),
  );
  const crds = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: FOREIGN_CRDS });
  const wait = 'kubectl wait --for=condition=Established crd --all >/dev/null';
  const { code, stderr } = await execute(`kubectl apply -f - && ${wait}`, crds);
  assert.equal(code, 0, stderr);
  for (const name of ['flux-system', 'argocd']) await ensureNamespace(plane, name);
  const cluster = await createCnpgCluster({ api, namespace: 'postgres', name: 'pg-cluster', nodes: NODES });
  for (const namespace of ['default', NAMESPACE]) {
    await api.create(DEPLOYMENTS, deployment('web', namespace) as KubeObject);
    const metadata = { name: 'web', namespace };
    await api.create(SERVICES, {
      metadata,
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    } as KubeObject);
  }
  const sites = NODES.map((nodeName, index) => ({ name: index === 0 ? 'us-east' : 'eu-west', nodeName }));
  controller = await startController({
    KUBECONFIG: kubeconfig,
    POD_NAMESPACE: NAMESPACE,
    SITES: JSON.stringify(sites),
    CNPG_NAMESPACE: cluster.namespace,
    CNPG_CLUSTER_NAME: cluster.name,
  });
  const key = { namespace: NAMESPACE, name: STATUS_CONFIGMAP };
  await until('the status is there', () => api.get(CONFIG_MAPS, key), { timeoutMs: 20_000 });
}

/** The files and objects that docs/topology.md takes for granted, made as it says. */
async function prepareTopology(): Promise<void> {
  const steps = blocks.filter(({ path }) => path === TOPOLOGY);
  const [follower = '', primary = ''] = steps
    .filter(({ language }) => language === 'yaml')
    .map(({ text }) => text);
  writeFileSync(join(folder, 'us-east.yaml'), follower);
  writeFileSync(
    join(folder, 'eu-west.yaml'),
    follower.replace('clusterName: pg-east', 'clusterName: pg-west'),
  );
  writeFileSync(join(folder, 'pg-east.yaml'), primary);
  const replica = steps.find(({ language }) => language === 'text');
  const west = primary
    .replace('name: pg-east, namespace', 'name: pg-west, namespace')
    .replace('cnpg.io/cluster: pg-east', 'cnpg.io/cluster: pg-west')
    .replace(/^ {2}bootstrap: .*\n {2}replica: .*$/m, replica?.text ?? '');
  writeFileSync(join(folder, 'pg-west.yaml'), west);
  await ensureNamespace(otherPlane, 'postgres');
  // As the operator makes them.
  for (const [context, name] of [
    ['kind-us-east', 'pg-east'],
    ['kind-eu-west', 'pg-west'],
  ] as const) {
    const secret = `kubectl --context ${context} -n postgres create secret generic ${name}`;
    const { code, stderr } = await execute(
      `${secret}-ca --from-literal=ca.crt=ca && ${secret}-replication --from-literal=tls.crt=crt --from-literal=tls.key=key`,
    );
    assert.equal(code, 0, stderr);
  }
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function execute(script: string, input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env, timeout: COMMAND_LIMIT_MS, maxBuffer: MAX_OUTPUT };
    const child = execFile('bash', ['-c', `set -o pipefail\n${script}`], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
    // One that reads nothing may have ended before.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function coverageOf(command: string): Coverage | undefined {
  return COVERAGE.find(([pattern]) => pattern.test(command))?.[1];
}

describe('a command of the documentation', () => {
  const exports = new Map<string, string[]>();
  for (const { path, line, text } of shell) {
    for (const command of commandsOf(text)) {
      const earlier = exports.get(path) ?? [];
      if (command.startsWith('export ')) {
        // The API server is that of the test, whatever cluster a reader has.
        if (!command.startsWith('export KUBECONFIG=')) exports.set(path, [...earlier, command]);
        continue;
      }
      test(`does what it should: ${path}:${line}: ${command}`, () => attempt(command, earlier));
    }
  }
});

async function attempt(command: string, exports: readonly string[]): Promise<void> {
  const coverage = coverageOf(command);
  assert.ok(coverage, 'nothing tries this command: add a row to test/documentation/coverage.ts');
  if ('by' in coverage) {
    assert.ok(readFileSync(join(ROOT, coverage.by), 'utf8').includes(coverage.mark));
    return;
  }
  const fails = 'instead' in coverage ? coverage.fails : undefined;
  const script = 'instead' in coverage ? coverage.instead(command) : command;
  const { code, stdout, stderr } = await execute([...exports, script].join('\n'));
  const said = `${script}\nended with ${code}:\n${stdout}\n${stderr}`;
  if (fails !== undefined) {
    assert.match(stderr, fails, said);
    return;
  }
  assert.equal(code, 0, said);
  const mayBeEmpty = 'run' in coverage && coverage.mayBeEmpty === true;
  if (!mayBeEmpty) assert.doesNotMatch(`${stdout}${stderr}`, /No resources found|no resources found/, said);
}

describe('an example in the documentation', () => {
  for (const { path, line, text } of manifests) {
    test(`is accepted by the API server: ${path}:${line}`, async () => {
      for (const document of parseAllDocuments(text)) {
        const { code, stderr } = await execute('kubectl apply --dry-run=server -f -', document.toString());
        assert.equal(code, 0, stderr);
      }
    });
  }

  test('of the chart’s values is accepted, and all of them together', async () => {
    assert.ok(values.length >= 2);
    const files = values.map(({ text }: Block, index) => {
      const file = join(folder, `values-${index}.yaml`);
      writeFileSync(file, text);
      return `-f ${file}`;
    });
    const { code, stdout, stderr } = await execute(
      `helm template x charts/kube-site-follower ${files.join(' ')}`,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /app\.example\.com/);
  });
});
