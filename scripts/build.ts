/** Bundles each process into one file in dist/ that runs with nothing else beside it. */
import { chmod } from 'node:fs/promises';
import { type BuildOptions, build } from 'esbuild';

// Some CommonJS dependencies call require() of built-ins; an ES module has none of its own.
const requireBanner =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

const shebang = '#!/usr/bin/env node';
const bundles: readonly { readonly entry: string; readonly out: string; readonly format: BuildOptions }[] = [
  { entry: 'controller/main.ts', out: 'dist/controller.mjs', format: esModule() },
  { entry: 'cli/main.ts', out: 'dist/cli.mjs', format: esModule() },
  // It is in every pod. An ES module would take 10 MiB more, and longer to start.
  { entry: 'sidecar/main.ts', out: 'dist/sidecar.cjs', format: { format: 'cjs', minifyIdentifiers: true } },
];

for (const { entry, out, format } of bundles) {
  await build({
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: false,
    legalComments: 'none',
    banner: { js: shebang },
    logLevel: 'warning',
    ...format,
  });
  await chmod(out, 0o755);
}

function esModule(): BuildOptions {
  return { format: 'esm', keepNames: true, banner: { js: `${shebang}\n${requireBanner}` } };
}
