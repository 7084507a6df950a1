/** Bundles each process into one file in dist/ that runs with nothing else beside it. */
import { chmod } from 'node:fs/promises';
import { build } from 'esbuild';

// Some CommonJS dependencies call require() of built-ins; an ES module has none of its own.
const requireBanner =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

const bundles = [{ entry: 'controller/main.ts', out: 'dist/controller.mjs' }];

for (const { entry, out } of bundles) {
  await build({
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    sourcemap: false,
    legalComments: 'none',
    banner: { js: `#!/usr/bin/env node\n${requireBanner}` },
    logLevel: 'warning',
  });
  await chmod(out, 0o755);
}
