import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { type Ran, runCli } from './testing/terminal.ts';

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels:
    site-follower/inject: "true"
spec:
  containers:
    - name: web
      image: example/web:1
`;

function cli(args: readonly string[], input = POD, env: Record<string, string> = {}): Promise<Ran> {
  return runCli(args, { env, read: async () => input });
}

describe('the command line', () => {
  test('prints the manifests, and a line about each object beside them', async () => {
    const read: string[] = [];
    const { code, out, err } = await runCli(['inject', '-f', 'web.yaml'], {
      async read(path) {
        read.push(path);
        return POD;
      },
    });
    assert.deepEqual([code, err, read], [0, 'Pod web: injected\n', ['web.yaml']]);
    assert.match(out, /image: kube-site-follower:/);
  });

  test('takes the image and the namespace from options before variables', async () => {
    const env = { SIDECAR_IMAGE: 'from/env:1', POD_NAMESPACE: 'from-env' };
    const args = ['inject', '-f', '-', '--image', 'from/option:1', '--controller-namespace', 'from-option'];
    assert.match((await cli(args, POD, env)).out, /image: from\/option:1/);
    assert.match((await cli(args, POD, env)).out, /value: from-option\n/);
    assert.match((await cli(['inject', '-f', '-'], POD, env)).out, /image: from\/env:1\n/);
    assert.match((await cli(['inject', '-f', '-'], POD, env)).out, /value: from-env\n/);
  });

  test('prints nothing when one object is refused, and says which and why', async () => {
    const bad = POD.replace('  labels:', '  annotations: {site-follower/port: "1"}\n  labels:').replace(
      'web',
      'bad',
    );
    const { code, out, err } = await cli(['inject', '-f', '-'], `${POD}---\n${bad}`);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^Pod web: injected\nPod bad: refused: annotation site-follower\/port: "1" must be/);
  });

  test('reads several files, each for itself', async () => {
    const named = (name: string) => POD.replaceAll('web', name);
    const files: Readonly<Record<string, string>> = {
      bare: named('bare').trimEnd(),
      marked: `---\n${named('marked')}`,
      versioned: `\ufeff%YAML 1.1\n---\n${named('versioned')}`,
      json: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'json' },
        spec: { containers: [] },
      }),
      last: named('last'),
    };
    const args = Object.keys(files).flatMap((file) => ['-f', file]);
    const { code, out, err } = await runCli(['inject', ...args], { read: async (file) => files[file] ?? '' });
    assert.equal(code, 0, err);
    const said = err.trimEnd().split('\n');
    assert.deepEqual(
      said.map((line) => /^Pod (\w+): (\w+)/.exec(line)?.slice(1).join(' ')),
      ['bare injected', 'marked injected', 'versioned injected', 'json skipped', 'last injected'],
    );
    assert.equal(out.match(/"?kind"?: ?"?Pod/g)?.length, 5);
  });

  test('warns of an object in which another one begins', async () => {
    const { code, err } = await cli(['inject', '-f', '-'], `${POD}${POD.replace('web', 'lost')}`);
    assert.equal(code, 0);
    assert.match(
      err,
      /document 1: warning: has kind twice, and the last one counts: put --- between objects/,
    );
  });

  test('says what to do about a label that is no text', async () => {
    const { code, err } = await cli(['inject', '-f', '-'], POD.replace('"true"', 'true'));
    assert.equal(code, 1);
    assert.match(
      err,
      /Pod web: refused: metadata\.labels\.site-follower\/inject: must be a text; put quotes/,
    );
  });

  test('leaves alone what has no pods in it', async () => {
    const other = 'kind: ConfigMap\napiVersion: v1\n---\n---\n# nothing\n';
    const { code, out, err } = await cli(['inject', '-f', '-'], other);
    assert.deepEqual([code, out, err], [0, other, 'no object with pods was found\n']);
  });

  for (const [name, text, said] of [
    ['a text', `${POD}---\nhello\n`, /^document 2: refused: .*not a Kubernetes object/m],
    ['a list', '- a\n', /^document 1: refused: .*not a Kubernetes object/],
    ['an object without a kind', 'apiVersion: v1\n', /^document 1: refused: .*not a Kubernetes object/],
    [
      'a text in a list',
      'apiVersion: v1\nkind: List\nitems: [x]\n',
      /^document 1, items\.0: refused: .*not a Kubernetes object/,
    ],
    ['a template', '{{ .Values.x }}\n', /this is no manifest: .*render/],
    ['a template in a pod', POD.replace('example/web:1', '{{ .Values.x }}'), /this is no manifest: .*render/],
  ] as const) {
    for (const command of ['inject', 'uninject']) {
      test(`${command} refuses what is no object: ${name}`, async () => {
        const { code, out, err } = await cli([command, '-f', '-'], text);
        assert.deepEqual([code, out], [1, '']);
        assert.match(err, said);
      });
    }
  }

  for (const [name, header] of [
    ['with their kind', 'apiVersion: v1\n    kind: Pod\n    '],
    ['without, as the API server lists them', ''],
  ] as const) {
    test(`finds the pods of a PodList, ${name}`, async () => {
      const pod =
        'metadata: {name: web, labels: {site-follower/inject: "true"}}\n    spec: {containers: []}\n';
      const list = `apiVersion: v1\nkind: PodList\nitems:\n  - ${header}${pod}`;
      assert.equal((await cli(['inject', '-f', '-'], list)).err, 'Pod web: injected\n');
    });
  }

  for (const [name, body, said] of [
    ['itself', 'metadata: {name: web, labels: {site-follower/inject: "true"}}', /has no effect on a Rollout/],
    [
      'its template',
      'metadata: {name: web}\nspec: {template: {metadata: {labels: {site-follower/inject: "true"}}}}',
      /not injected here: .*the webhook/,
    ],
  ] as const) {
    test(`warns of the label on a kind that it does not know: on ${name}`, async () => {
      const rollout = `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n${body}\n`;
      const { code, out, err } = await cli(['inject', '-f', '-'], rollout);
      assert.deepEqual([code, out], [0, rollout]);
      assert.match(err, /^Rollout web: warning: /);
      assert.match(err, said);
    });
  }

  for (const [name, args, said] of [
    ['no command', [], /^Usage: kubectl site-follower /],
    ['an unknown command', ['reject', '-f', '-'], /unknown command 'reject'\n.*Did you mean inject/],
    ['two commands', ['inject', 'uninject', '-f', '-'], /too many arguments for 'inject'/],
    ['no file', ['inject'], /required option '-f, --filename <file>'/],
    ['an unknown option', ['inject', '-f', '-', '--file', 'x'], /unknown option '--file'/],
  ] as const) {
    test(`is used wrongly: ${name}`, async () => {
      const { code, out, err } = await cli(args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, said);
    });
  }

  for (const command of ['inject', 'uninject']) {
    test(`${command} prints YAML as JSON, several objects as one List, and JSON as YAML`, async () => {
      const one = await cli([command, '-f', '-', '-o', 'json']);
      assert.deepEqual([one.code, JSON.parse(one.out).kind], [0, 'Pod']);
      const two = JSON.parse((await cli([command, '-f', '-', '-o', 'json'], `${POD}---\n---\n${POD}`)).out);
      assert.deepEqual([two.apiVersion, two.kind, two.items.length], ['v1', 'List', 2]);
      const { out } = await cli([command, '-f', '-', '-o', 'yaml'], one.out);
      assert.match(out, /^apiVersion: v1\nkind: Pod\nmetadata:\n/);
      assert.equal((await cli([command, '-f', '-', '-o', 'json'], out)).out, one.out);
    });
  }

  test('prints a large number as it is in each format, and what JSON cannot say in no other', async () => {
    const large = 'apiVersion: v1\nkind: ConfigMap\nspec: {limit: 9007199254740993}\n';
    assert.equal((await cli(['inject', '-f', '-', '-o', 'yaml'], large)).out, large);
    assert.match((await cli(['inject', '-f', '-', '-o', 'json'], large)).out, /"limit": 9007199254740993/);
    const endless = large.replace('9007199254740993', '.inf');
    assert.equal((await cli(['inject', '-f', '-', '-o', 'yaml'], endless)).out, endless);
    const { code, out, err } = await cli(['inject', '-f', '-', '-o', 'json'], endless);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /JSON has no way to say .inf/);
  });

  test('tells a wrong variable', async () => {
    const { code, err } = await cli(['inject', '-f', '-'], POD, { SIDECAR_CPU_REQUEST: 'x' });
    assert.deepEqual(
      [code, err],
      [2, 'SIDECAR_CPU_REQUEST must be a quantity such as 50m or 64Mi (got: x)\n'],
    );
  });

  test('shows how it is used', async () => {
    const { code, out, err } = await cli(['--help']);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^Usage:/);
  });

  test('reads the standard input and writes the standard output as a process', async () => {
    const main = new URL('main.ts', import.meta.url).pathname;
    const call = (command: string, input: string) =>
      execFileSync(process.execPath, [main, command, '-f', '-'], { input, encoding: 'utf8', stdio: 'pipe' });
    const injected = call('inject', POD);
    assert.match(injected, /name: site-follower/);
    assert.equal(call('uninject', injected), POD);
  });

  test('waits for a standard input that comes bit by bit', async () => {
    const main = new URL('main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, 'uninject', '-f', '-'], { stdio: 'pipe' });
    // Far more than a pipe holds at once, so that it has to be written while it is read.
    const input = `${POD}${'# a comment that comes late\n'.repeat(200_000)}`;
    child.stdin.on('error', () => undefined).end(input);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal(err, 'Pod web: nothing to remove\n');
    assert.equal(out.length, input.length);
  });

  test('shows names and values that hold escape sequences harmlessly', async () => {
    const name = POD.replace('name: web\n', 'name: "web\\e]0;owned\\a"\n');
    assert.equal((await cli(['inject', '-f', '-'], name)).err, 'Pod web\\x1b]0;owned\\x07: injected\n');
    const { code, err } = await cli(['inject', '-f', '-'], POD.replace('"true"', '"no\\e[2J"'));
    assert.equal(code, 1);
    assert.match(err, /"no\\x1b\[2J" must be/);
  });
});
