import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { deferredBundle, deferredFunction } from './deferred-bundle.ts';

const OPTIONS: BuildOptions = { platform: 'node', target: 'node24', minifyWhitespace: true };

const PARTS = {
  'main.ts':
    'export const begun = globalThis.begun = [];\nexport const { outer } = await import("./outer.ts");\nexport const all = await outer();',
  'outer.ts':
    'globalThis.begun.push("outer");\nexport const outer = async () => (await import("./inner.ts")).inner;',
  'inner.ts':
    'import { basename } from "node:path";\nglobalThis.begun.push("inner");\nexport const inner = basename("/a/b");',
};
const PARTS_DEFERRED = /(outer|inner)\.ts$/;

interface Bundled {
  readonly text: string;
  readonly exported: Readonly<Record<string, unknown>>;
}

/** Bundles the file `main.ts` of these, in a folder whose name begins so. */
async function bundled(
  files: Readonly<Record<string, string>>,
  pluginOf: (options: BuildOptions) => Plugin,
  prefix = 'deferred-',
): Promise<Bundled> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const outfile = join(folder, 'bundle.mjs');
    const options = { ...OPTIONS, absWorkingDir: folder };
    const plugins = [pluginOf(options)];
    await build({ ...options, plugins, entryPoints: ['main.ts'], outfile, bundle: true, format: 'esm' });
    return { text: await readFile(outfile, 'utf8'), exported: await import(outfile) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a deferred part runs when it is imported, and the part within it then', async () => {
  const { exported } = await bundled(PARTS, (options) => deferredBundle(PARTS_DEFERRED, options));
  const { begun, outer, all } = exported;
  assert.deepEqual([begun, typeof outer, all], [['outer', 'inner'], 'function', 'b']);
});

test('the bundle is the same in whatever folder it is made', async () => {
  const make = (prefix: string) =>
    bundled(PARTS, (options) => deferredBundle(PARTS_DEFERRED, options), prefix);
  const [one, another] = [await make('one-'), await make('another with spaces-')];
  assert.equal(one.text, another.text);
});

test('a deferred function is the one of the package', async () => {
  const { exported } = await bundled(
    {
      'main.ts':
        'import width from "string-width";\nexport const widths = ["東京", "a", ""].map((one) => width(one));',
    },
    (options) => deferredFunction(/^string-width$/, options),
  );
  assert.deepEqual(exported.widths, [4, 1, 0]);
});
