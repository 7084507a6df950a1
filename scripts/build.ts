/** Bundles each process into one file in dist/ that runs with nothing else beside it. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { deferredBundle, deferredFunction } from './deferred-bundle.ts';
import { expressParts } from './express-parts.ts';
import { kubernetesClientParts } from './kubernetes-client-parts.ts';
import { BundledPackages } from './licences.ts';
import { CONTROLLER_NODE_FLAGS, NODE_ENVIRONMENT, WEBHOOK_NODE_FLAGS } from './node-flags.ts';
import { SIDECAR_BUNDLE } from './sidecar-bundle.ts';
import { threadProgram } from './thread-program.ts';
import { undiciParts } from './undici-parts.ts';

// Some CommonJS dependencies call require() of built-ins; an ES module has none of its own.
const requireBanner =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

const packages = new BundledPackages();

const common: BuildOptions = {
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [packages.plugin],
};

interface Bundle {
  readonly entry: string;
  readonly out: string;
  readonly format: BuildOptions;
  readonly plugins?: readonly Plugin[];
}

const bundles: readonly Bundle[] = [
  { entry: 'controller/main.ts', out: 'dist/controller.mjs', format: esModule(CONTROLLER_NODE_FLAGS) },
  { entry: 'webhook/main.ts', out: 'dist/webhook.mjs', format: esModule(WEBHOOK_NODE_FLAGS) },
  {
    entry: 'cli/main.ts',
    out: 'dist/cli.mjs',
    format: esModule(),
    plugins: [
      deferredBundle(/\/(commands\/dispatch|commands\/views|inject|yaml|dns-read)\.ts$/, {
        ...common,
        // It makes its regular expressions when it is loaded, which takes 40 ms.
        plugins: [
          packages.plugin,
          kubernetesClientParts(),
          undiciParts(),
          deferredFunction(/^string-width$/, common),
        ],
      }),
    ],
  },
  { entry: 'sidecar/main.ts', out: 'dist/sidecar.cjs', format: SIDECAR_BUNDLE },
];

for (const { entry, out, format, plugins = [] } of bundles) {
  await build({
    ...common,
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    banner: { js: shebang() },
    plugins: [
      packages.plugin,
      kubernetesClientParts(),
      undiciParts(),
      expressParts(),
      pageAssets(),
      threadProgram({ ...common, plugins: [packages.plugin] }),
      ...plugins,
    ],
    ...format,
  });
  await assertAscii(out);
  await chmod(out, 0o755);
}
await writeFile('dist/THIRD-PARTY-LICENSES.txt', await packages.texts());
// For the SBOM of a release.
await writeFile('dist/packages.json', JSON.stringify(await packages.list()));

/**
 * Node keeps the source for as long as it runs, in two bytes for each character if one of all is not ASCII: in the
 * controller that was 5 MiB. Where esbuild cannot escape it, as in a template with a tag, it has to be said otherwise.
 */
async function assertAscii(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = bytes.findIndex((byte) => byte > 0x7f);
  if (at === -1) return;
  const around = bytes.subarray(at - 60, at + 20).toString();
  throw new Error(`${file} has a character that is not ASCII, in: ${around}`);
}

function esModule(nodeFlags?: readonly string[]): BuildOptions {
  return { format: 'esm', banner: { js: `${shebang(nodeFlags)}\n${requireBanner}` } };
}

function shebang(nodeFlags: readonly string[] = []): string {
  if (nodeFlags.length === 0) return '#!/usr/bin/env node';
  const variables = Object.entries(NODE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  return ['#!/usr/bin/env -S', ...variables, 'node', ...nodeFlags].join(' ');
}

/** Puts the texts of the page's files in place of the module that reads them. */
function pageAssets(): Plugin {
  return {
    name: 'page-assets',
    setup(bundler) {
      bundler.onLoad({ filter: /\/controller\/page\/assets\.ts$/ }, async ({ path }) => {
        const texts = Object.entries(await import(path)) as [string, string][];
        return {
          contents: texts.map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};`).join('\n'),
        };
      });
    },
  };
}
