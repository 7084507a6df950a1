import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parse } from 'yaml';
import { VERSION } from '../../contract/version.ts';
import { run } from '../support/binaries/command.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const read = (name: string) => readFile(join(ROOT, name), 'utf8');

/** The instructions of each stage, with what goes on in the next line. */
let stages: readonly (readonly string[])[];
before(async () => {
  const lines = (await read('Dockerfile')).replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  stages = lines
    .split(/^(?=FROM )/m)
    .filter((stage) => stage.startsWith('FROM'))
    .map((stage) => stage.trim().split('\n'));
});

/** Each package that the programs use has a text, and so has what it uses itself. */
async function assertLicences(text: string): Promise<void> {
  const { dependencies } = JSON.parse(await read('package.json')) as { dependencies: Record<string, string> };
  for (const [name, version] of Object.entries(dependencies)) {
    assert.ok(text.includes(`${name} ${version}\nLicence: `), `${name} ${version} has no licence text`);
  }
  for (const inner of ['finalhandler', '@smithy/core', 'bson'])
    assert.match(text, new RegExp(`^${inner} \\d`, 'm'));
  assert.match(text, /Permission is hereby granted, free of charge/);
  assert.match(text, /Apache License\s+Version 2\.0/);
}

/** The names that .dockerignore lets through, of what is in the repository. */
async function admitted(): Promise<readonly string[]> {
  const rules = (await read('.dockerignore')).split('\n').filter((line) => /^[!*]/.test(line));
  assert.equal(rules[0], '*');
  return rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
}

test('what is sent to the builder is enough to build all bundles, and no test is among it', async (t) => {
  const context = await mkdtemp(join(tmpdir(), 'context-'));
  t.after(() => rm(context, { recursive: true }));
  const filter = (path: string) => !path.endsWith('.test.ts');
  for (const name of await admitted())
    await cp(join(ROOT, name), join(context, name), { recursive: true, filter });
  await symlink(join(ROOT, 'node_modules'), join(context, 'node_modules'));
  await run(process.execPath, ['scripts/build.ts'], { cwd: context, abort: AbortSignal.timeout(90_000) });
  const built = (await readdir(join(context, 'dist'))).sort();
  const licences = 'THIRD-PARTY-LICENSES.txt';
  const forTheSbom = 'packages.json';
  assert.deepEqual(built, [licences, 'cli.mjs', 'controller.mjs', forTheSbom, 'sidecar.cjs', 'webhook.mjs']);
  await assertLicences(await readFile(join(context, 'dist', licences), 'utf8'));
  assert.ok(stages.at(-1)?.includes(`COPY --from=build /src/dist/${licences} /licenses/${licences}`));
  const copied = stages.at(-1)?.find((line) => line.startsWith('COPY --from=build')) ?? '';
  assert.deepEqual(
    copied
      .split(' ')
      .filter((word) => word.startsWith('/src/dist/'))
      .map((word) => word.slice('/src/dist/'.length))
      .sort(),
    built.filter((name) => name !== licences && name !== forTheSbom),
  );
  const ignored = await read('.dockerignore');
  assert.match(ignored, /^\*\*\/\*\.test\.ts$/m);
});

test('it is built where the builder runs, for any architecture: nothing is run in the last stage', () => {
  const [build, last] = stages;
  assert.equal(stages.length, 2);
  assert.match(
    build?.[0] ?? '',
    /^FROM --platform=\$BUILDPLATFORM node:24[-a-z]*@sha256:[0-9a-f]{64} AS build$/,
  );
  assert.match(last?.[0] ?? '', /^FROM gcr\.io\/distroless\/nodejs24-debian12:nonroot@sha256:[0-9a-f]{64}$/);
  assert.deepEqual(
    last?.filter((line) => line.startsWith('RUN')),
    [],
  );
});

test('it runs as the user of the chart, and has the version of the chart', async () => {
  const last = stages.at(-1) ?? [];
  assert.ok(last.includes('USER 65532:65532'));
  assert.ok(last.includes(`ARG VERSION=${VERSION}`));
  const chart = parse(await read('charts/kube-site-follower/Chart.yaml')) as Record<string, string>;
  assert.deepEqual([chart.version, chart.appVersion], [VERSION, VERSION]);
});
