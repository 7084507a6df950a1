import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuildOptions, build } from 'esbuild';
import { deferredBundle, deferredFunction } from './deferred-bundle.ts';

const OPTIONS: BuildOptions = { platform: 'node', target: 'node24', minifyWhitespace: true };

/** Bundles the file `main.ts` of these and gives what it exports. */
async function bundled(
  files: Readonly<Record<string, string>>,
  options: BuildOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const folder = await mkdtemp(join(tmpdir(), 'deferred-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const outfile = join(folder, 'bundle.mjs');
    const entryPoints = [join(folder, 'main.ts')];
    await build({ ...OPTIONS, ...options, entryPoints, outfile, bundle: true, format: 'esm' });
    return await import(outfile);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a deferred part runs when it is imported, and the part within it then', async () => {
  const { begun, outer, all } = await bundled(
    {
      'main.ts':
        'export const begun = globalThis.begun = [];\nexport const { outer } = await import("./outer.ts");\nexport const all = await outer();',
      'outer.ts':
        'globalThis.begun.push("outer");\nexport const outer = async () => (await import("./inner.ts")).inner;',
      'inner.ts':
        'import { basename } from "node:path";\nglobalThis.begun.push("inner");\nexport const inner = basename("/a/b");',
    },
    { plugins: [deferredBundle(/(outer|inner)\.ts$/, OPTIONS)] },
  );
  assert.deepEqual([begun, typeof outer, all], [['outer', 'inner'], 'function', 'b']);
});

test('a deferred function is the one of the package', async () => {
  const { widths } = await bundled(
    {
      'main.ts':
        'import width from "string-width";\nexport const widths = ["東京", "a", ""].map((one) => width(one));',
    },
    { plugins: [deferredFunction(/^string-width$/, OPTIONS)] },
  );
  assert.deepEqual(widths, [4, 1, 0]);
});
